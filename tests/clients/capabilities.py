"""What every client is asked to do, the same list for all: the columns of TABLE.md.

A client's program is started once for each capability, as `PROGRAM CAPABILITY BOOTSTRAP TOPIC`. The topic
is there already, with three partitions, three replicas and min.insync.replicas=2, and is nobody else's; group
names and transactional ids begin with the topic's name. The program prints lines of JSON on stdout:

    {"ok": true, "why": "..."}         its last word: done, with what it saw
    {"ok": false, "why": "..."}        not done as it should be
    {"ok": null, "why": "..."}         this client has no such thing
    {"please": "crash_leader", "partition": 0}     it wants something done to the cluster, and reads
                                                   one line from stdin when that is done
    {"please": "crash_coordinator", "group": "..."}
    {"please": "crash_transaction_coordinator", "transactional_id": "..."}

A program that ends with an error, or says nothing within its time, has not done it.
"""

CAPABILITIES = {
    "produce_none": "200 records, not compressed, come back as they were sent",
    "produce_gzip": "the same with gzip",
    "produce_snappy": "the same with snappy",
    "produce_lz4": "the same with lz4",
    "produce_zstd": "the same with zstd",
    "keyed": "records of one key are in one partition, in the order in which they were sent",
    "unkeyed": "records without a key come back with a null key",
    "headers": "headers come back in order, a repeated name and an empty value among them",
    "idempotent": "an idempotent producer sends 2,000 records while a leader's broker crashes: none lost, none doubled",
    "transactional": "a committed transaction is seen and an aborted one is not; a second producer fences the first",
    "read_committed": "a reader waits before an open transaction, which one of read_uncommitted sees",
    "group_rebalance": "two members share the partitions, and the one that stays gets all of them",
    "group_broker_crash": "a group reads on, nothing missing, when a leader's broker crashes",
    "group_coordinator_crash": "a group reads on and commits when its coordinator's broker crashes",
    "static_member": "a member with a group.instance.id comes back and has its partitions again, the other undisturbed",
    "cooperative": "a cooperative member gives up only what the newcomer gets",
    "kip848": "the same two members by the new protocol: group.protocol=consumer",
    "seek": "partitions assigned by hand, read from an offset, then again from the beginning",
    "time_lookup": "the first offset at or after a time, and none after the last",
    "admin_topics": "a topic is created, described and deleted; made twice, it is TOPIC_ALREADY_EXISTS",
    "admin_configs": "a topic's setting is changed and read back",
    "admin_groups": "a group is listed, described and deleted",
    "admin_offsets": "a group's offsets are read, set, and deleted for one topic",
    "admin_delete_records": "records before an offset are deleted, and reading begins there",
    "admin_partitions": "a topic gets more partitions",
}
