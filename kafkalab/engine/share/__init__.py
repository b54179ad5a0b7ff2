"""Share groups (KIP-932): many consumers of one partition, each record locked by one of them at a time."""
