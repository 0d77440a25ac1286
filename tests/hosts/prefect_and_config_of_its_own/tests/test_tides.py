from harbour.tides import tides


def test_there_are_two() -> None:
    assert len(tides()) == 2
