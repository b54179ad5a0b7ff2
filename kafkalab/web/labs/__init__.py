"""The labs that are open in this process: their stage, their socket, their API."""
