"""Whole clusters on virtual time, with faults, and a referee who looks after every step."""
