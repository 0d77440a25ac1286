"""Write to Azure Data Lake."""

from acme.runtime.files import adls


class AzureDataLake(adls.AzureDataLake):
    """A storage account. Paths are `<container>/<folders>/<file>`.

    Credentials: `account_name` with `account_key`, `sas_token`, or a service principal
    (`tenant_id`, `client_id`, `client_secret`), or none of these for an identity; or
    `connection_string`.
    """

    requires = ("adlfs", "acme[adls]")
