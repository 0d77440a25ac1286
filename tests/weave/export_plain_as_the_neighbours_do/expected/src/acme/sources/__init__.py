from .base import Source
from .postgresql import PostgreSQL
