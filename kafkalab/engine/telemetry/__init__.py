"""Clients tell brokers how they are: which metrics are asked of whom, and what has come (KIP-714)."""
