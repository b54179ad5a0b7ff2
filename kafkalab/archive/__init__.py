"""A topic piped to object storage as a firehose does it, each record once, and what that costs beside Kafka.

Sink(Buffering.of(5, 300))           takes records and the time, says which objects are due: see `sink`
Objects.at("data/archive")           the store, a directory or s3://...: `create` never writes over an object
Archive("orders", topic_id, "jsonl") names objects by the offset that they go on from: see `names`
ends(objects, archive)               where each partition goes on, found from the store itself
compared(stored, log)                whether each record of the log is in the store once
"""
