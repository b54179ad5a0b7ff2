"""Rooms and drills: what a class does together. So far the drills can be checked."""
