from ferry_times.timetable import departures


def test_the_last_ferry_goes():
    assert departures(360, 420) == [360, 390, 420]
