"""Deciding: what the project will hold, laid over a tree in memory."""
