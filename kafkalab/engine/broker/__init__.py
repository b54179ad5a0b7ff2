"""A broker: the replicas it holds, and who may read and write them."""
