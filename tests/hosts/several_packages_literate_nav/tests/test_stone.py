from quarry import Stone


def test_a_stone_has_a_weight() -> None:
    assert Stone("slate", 2.5).tons == 2.5
