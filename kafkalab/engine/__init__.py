"""A Kafka cluster as pure state machines: no clock, no dice, no sockets."""
