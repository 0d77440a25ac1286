"""What every Python begins with that the tests start with this folder in its path."""

import sys
from pathlib import Path

import quick_copier

if {"copier", "copier_runner.py", "sourcewright"} & {
    Path(each).name for each in sys.orig_argv
}:
    quick_copier.install()
