from birdcounts import tally


def test_a_species_that_is_too_rare_is_left_out():
    assert tally(['wren', 'wren', 'owl', 'pigeon'], at_least=2) == {'wren': 2}
