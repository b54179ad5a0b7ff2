"""Who is in which group and how far it has read."""
