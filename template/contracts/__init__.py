"""Contracts: what every connector, task and flow keeps. Their tests inherit from them.

Don't edit it: `sourcewright update` replaces it.
"""
