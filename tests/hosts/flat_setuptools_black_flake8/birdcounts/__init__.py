from .tally import tally as tally
