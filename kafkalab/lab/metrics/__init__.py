"""The lab's metrics under Kafka's own names, derived from what the engine does and tells.

- `metric`       what a metric is
- `counted`      what each process counts, message by message and fact by fact
- `replication`, `traffic`, `requests`, `controller`, `logs`, `groups`, `waiting`, `clients`
                 the metrics of each kind, and how they are read
- `history`      how they went in the last ten minutes
- `keeping`      all of that for one lab
"""
