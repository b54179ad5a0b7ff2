"""The web room: pages, sockets and the command that starts everything. It holds no Kafka rules."""
