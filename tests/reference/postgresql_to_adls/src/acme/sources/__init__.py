"""Sources and destinations, by name."""

from ..runtime.sql.source import SQL
from .azure_data_lake import AzureDataLake
from .base import Destination, Source
from .postgresql import PostgreSQL

__all__: list[str] = ["SQL", "AzureDataLake", "Destination", "PostgreSQL", "Source"]
