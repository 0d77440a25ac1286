from .base import Source as Source
from .postgresql import PostgreSQL as PostgreSQL
