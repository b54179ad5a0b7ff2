"""The door of instructors: in with a password, out again."""
