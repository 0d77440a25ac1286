from .base import Source

__all__ = ["AzureDataLakeStorage", "CloudForCustomers", "GoogleAnalytics", "Salesforce"]
