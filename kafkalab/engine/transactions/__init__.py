"""Who is in the middle of which transaction, and how each one ends."""
