"""Tasks: one thin wrapper over each source and each destination."""

from .adls import df_to_adls
from .postgresql import postgresql_to_df
from .postgresql_batches_to_adls import postgresql_batches_to_adls

__all__: list[str] = ["df_to_adls", "postgresql_batches_to_adls", "postgresql_to_df"]
