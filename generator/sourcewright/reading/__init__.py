"""Reading the project that is there: what it is, has and says. Writes nothing."""
