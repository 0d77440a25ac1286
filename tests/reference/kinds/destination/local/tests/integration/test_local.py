from acme.sources import LocalFolder
from ..contracts.destination import NEW
from .live import local as live


def test_what_is_written_is_read_back() -> None:
    destination = live.connect()
    path = live.fresh_target()
    destination.from_df(NEW, path)
    assert isinstance(destination, LocalFolder)
    assert live.read(path).num_rows == len(NEW)
