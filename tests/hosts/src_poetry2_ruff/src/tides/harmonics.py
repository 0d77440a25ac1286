from datetime import datetime, timedelta

PERIOD = timedelta(hours=12, minutes=25)


def high_waters(first: datetime, count: int) -> list[datetime]:
  return [first + number * PERIOD for number in range(count)]
