"""Votes of a room: a question, one vote a seat, hidden until the instructor shows them, and an engine that knows."""
