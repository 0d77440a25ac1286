from ..contracts.destination import LiveFileContract
from .live import s3


class TestS3(LiveFileContract):
    live = s3
