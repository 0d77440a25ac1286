"""Real parts on this machine: PostgreSQL, Azurite and Prefect's server.

Each is a context manager: entering starts a fresh one on 127.0.0.1, leaving removes
every process and file of it. The demo and the tests run on these; nothing is mocked.
"""

from sourcewright.services.azurite import Azurite
from sourcewright.services.postgresql import PostgreSQL
from sourcewright.services.prefect_server import PrefectServer

__all__ = ["Azurite", "PostgreSQL", "PrefectServer"]
