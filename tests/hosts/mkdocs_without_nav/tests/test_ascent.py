from trailmaps.ascent import ascent


def test_what_goes_down_does_not_count():
    assert ascent([100, 150, 120, 130]) == 60
