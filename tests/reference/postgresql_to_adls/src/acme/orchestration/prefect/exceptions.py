"""What can go wrong between Prefect and a connector. All are fatal: no retry helps."""

from acme.exceptions import FatalError


class MissingSourceCredentialsError(FatalError):
    """A task got neither `config_key` nor `credentials_secret`."""

    def __init__(
        self,
        what: str = "No credentials are given.",
        where: str = "",
        next_step: str = "pass either `config_key` or `credentials_secret`.",
    ) -> None:
        super().__init__(what, where, next_step)


class MissingPrefectBlockError(FatalError):
    """There is no such Prefect block, or it holds no credentials."""
