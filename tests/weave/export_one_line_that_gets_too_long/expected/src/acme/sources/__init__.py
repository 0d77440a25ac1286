from .base import Source
from .postgresql import PostgreSQL

__all__ = [
    "AzureDataLakeStorage",
    "CloudForCustomers",
    "GoogleAnalytics",
    "PostgreSQL",
    "Salesforce",
]
