"""The guides: how to teach with the lab, and how to run its server."""
