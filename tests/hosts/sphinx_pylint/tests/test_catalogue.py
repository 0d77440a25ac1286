"""The catalogue."""

from star_atlas import Star, brightest


def test_the_lowest_magnitude_is_the_brightest():
    stars = [Star("Vega", 0.03), Star("Sirius", -1.46)]
    assert brightest(stars).name == "Sirius"
