from sundial import length


def test_at_45_degrees_it_is_as_long_as_what_throws_it():
    assert round(length(2, 45), 6) == 2
