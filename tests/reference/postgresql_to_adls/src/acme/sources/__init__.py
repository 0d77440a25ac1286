"""Sources and destinations, by name."""

from .azure_data_lake import AzureDataLake
from .base import SQL, Destination, Source
from .postgresql import PostgreSQL

__all__: list[str] = ["SQL", "AzureDataLake", "Destination", "PostgreSQL", "Source"]
