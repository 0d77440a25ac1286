"""How dialects write names and values: one module for each dialect."""
