import pytest
from sundial import length


@pytest.mark.parametrize("height", [1, 2])
def test_a_low_sun_makes_it_longer(height):
    assert length(height, 10) > height
