"""A gateway as a witness: it remembers its peer's blocks, says so when asked, and compares with the other members."""
