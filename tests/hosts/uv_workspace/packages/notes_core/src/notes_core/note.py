from dataclasses import dataclass


@dataclass
class Note:
    text: str

    def first_line(self) -> str:
        return self.text.partition('\n')[0]
