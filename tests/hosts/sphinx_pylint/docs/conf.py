project = "Star atlas"
extensions = ["sphinx.ext.autodoc"]
