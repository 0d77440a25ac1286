__all__ = ['high_waters']

from tides.harmonics import high_waters
