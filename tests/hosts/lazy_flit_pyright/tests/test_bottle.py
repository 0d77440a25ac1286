from cellar.bottle import Bottle, oldest


def test_the_oldest_is_the_oldest() -> None:
    young, old = Bottle("a", 2020), Bottle("b", 1999)
    assert oldest([young, old]) is old
