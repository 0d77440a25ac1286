from parcel_rates.rates import rate_for


def test_the_lightest_class_counts():
    assert rate_for(300, {250: 1.0, 500: 2.0, 1000: 3.0}, [0.5]) == 2.5
