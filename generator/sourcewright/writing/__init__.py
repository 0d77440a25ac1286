"""Writing: a plan to the disk, whole or not at all."""
