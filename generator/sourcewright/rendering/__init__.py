"""Rendering: answers in, files in memory out. The only room that knows Copier."""
