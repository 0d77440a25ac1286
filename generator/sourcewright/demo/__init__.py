"""The demo: from a database to a lake on this machine, through generated code.

`run` does everything; each module beside it has one part of the job.
"""

from sourcewright.demo.run import Ports, run

__all__ = ["Ports", "run"]
