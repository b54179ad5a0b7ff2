"""Bytes to messages and back: Kafka's protocol, and no broker."""
