import enum


class Sort(enum.Enum):
    COX = "cox"
    BOSKOOP = "boskoop"

    @property
    def is_sour(self) -> bool:
        return self is Sort.BOSKOOP
