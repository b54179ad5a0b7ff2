"""Requests that no client would send, by the million, against a lab that runs: see `__main__.py`."""
