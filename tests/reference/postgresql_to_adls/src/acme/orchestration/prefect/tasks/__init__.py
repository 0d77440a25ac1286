"""Tasks: one thin wrapper over each source and each destination."""

from .adls import df_to_adls
from .postgresql import postgresql_to_df

__all__: list[str] = ["df_to_adls", "postgresql_to_df"]
