"""What every source, destination, task and flow is held to; inherited by their tests."""
