"""The fate of every record: what was sent is kept batch by batch, and followed to wherever it ends."""
