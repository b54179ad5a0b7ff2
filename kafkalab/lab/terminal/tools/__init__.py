"""The tools, a file each, by the names that Kafka gives them."""
