from oldmill.grind import grind


def test_half_is_left():
    assert grind(["rye!"]) == ["ry"]
