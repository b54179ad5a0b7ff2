"""What is real here, and what is not: told from the code, for a page."""
