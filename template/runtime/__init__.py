"""The runtime of generated connectors, in parts: a project holds those that it uses.

Version 0.1.0. Don't edit it: `sourcewright update` replaces it. Importing this package
imports nothing else.
"""
