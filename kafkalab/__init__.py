"""Kafka Lab: a real Kafka cluster in one process, shown as it works."""

__version__ = "0.1.0"
