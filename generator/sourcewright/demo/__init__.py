"""The demo: from a database to a lake on this machine, through generated code.

`run.py` tells the story from beginning to end; each module beside it has one part.
"""
