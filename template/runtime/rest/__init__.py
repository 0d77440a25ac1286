"""Sources that are REST APIs."""
