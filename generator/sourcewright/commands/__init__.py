"""What the commands do that write: each reads, decides and writes once."""
