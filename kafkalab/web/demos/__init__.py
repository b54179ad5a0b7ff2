"""Demos: the stage of a lab, stepped through with cue cards by whoever stands at the projector."""
