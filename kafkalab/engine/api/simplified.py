"""What is simplified and what is left out of each request that brokers answer: one entry a request.

From these the page "What is real here" is made, and a test asks for one entry for every route. Whoever adds a
request adds a line; `AS_KAFKA` says that nothing is known to differ.
"""

from dataclasses import dataclass

from kafkalab.wire.api import ApiKey


@dataclass(frozen=True, slots=True)
class Entry:
    simplified: str = ""
    """What is there and simpler than Kafka's."""
    left_out: str = ""
    """What Kafka has and the engine has not."""


AS_KAFKA = Entry()

REAL: dict[int, Entry] = {
    ApiKey.PRODUCE: Entry(
        "A quota counts the bytes of batches and not those of the request around them. A refused batch is told why, "
        "where Kafka mostly says nothing.",
    ),
    ApiKey.FETCH: Entry("A quota counts the bytes of batches.", "Tiered storage."),
    ApiKey.LIST_OFFSETS: Entry("", "Offsets of tiered storage: -4 and -5 find nothing there."),
    ApiKey.METADATA: Entry("Versions 8 to 10 tell no rights on the cluster."),
    ApiKey.OFFSET_COMMIT: AS_KAFKA,
    ApiKey.OFFSET_FETCH: AS_KAFKA,
    ApiKey.FIND_COORDINATOR: AS_KAFKA,
    ApiKey.JOIN_GROUP: AS_KAFKA,
    ApiKey.HEARTBEAT: AS_KAFKA,
    ApiKey.LEAVE_GROUP: AS_KAFKA,
    ApiKey.SYNC_GROUP: AS_KAFKA,
    ApiKey.DESCRIBE_GROUPS: AS_KAFKA,
    ApiKey.LIST_GROUPS: Entry("", "Streams groups."),
    ApiKey.API_VERSIONS: Entry("Only what is answered here is told of."),
    ApiKey.CREATE_TOPICS: Entry(
        "", "Policies by class (create.topic.policy.class.name): the lab's limits take their place."
    ),
    ApiKey.DELETE_TOPICS: AS_KAFKA,
    ApiKey.DELETE_RECORDS: AS_KAFKA,
    ApiKey.INIT_PRODUCER_ID: Entry("", "Two-phase commit (KIP-939)."),
    ApiKey.OFFSET_FOR_LEADER_EPOCH: AS_KAFKA,
    ApiKey.ADD_PARTITIONS_TO_TXN: Entry(
        "One topic that may not be written to makes every partition hear so; Kafka tells the others that nothing "
        "was tried."
    ),
    ApiKey.ADD_OFFSETS_TO_TXN: AS_KAFKA,
    ApiKey.END_TXN: AS_KAFKA,
    ApiKey.WRITE_TXN_MARKERS: Entry("A partition without a leader is waited for; Kafka passes it over."),
    ApiKey.TXN_OFFSET_COMMIT: AS_KAFKA,
    ApiKey.DESCRIBE_PRODUCERS: AS_KAFKA,
    ApiKey.DESCRIBE_TRANSACTIONS: AS_KAFKA,
    ApiKey.LIST_TRANSACTIONS: AS_KAFKA,
    ApiKey.DESCRIBE_CONFIGS: Entry(
        "Broker settings that nothing here reads are not told.",
        "Loggers: nothing here logs. Settings of streams groups.",
    ),
    ApiKey.ALTER_CONFIGS: Entry(
        "A setting that nothing reads is refused, where Kafka keeps it. Any broker changes those of any other.",
        "Loggers.",
    ),
    ApiKey.ALTER_REPLICA_LOG_DIRS: Entry("Every broker has one log directory, so nothing can move."),
    ApiKey.DESCRIBE_LOG_DIRS: Entry("The size of the disk is not told."),
    ApiKey.CREATE_PARTITIONS: AS_KAFKA,
    ApiKey.DELETE_GROUPS: AS_KAFKA,
    ApiKey.ELECT_LEADERS: AS_KAFKA,
    ApiKey.INCREMENTAL_ALTER_CONFIGS: Entry(
        "A setting that nothing reads is refused, where Kafka keeps it. Any broker changes those of any other.",
        "Loggers.",
    ),
    ApiKey.ALTER_PARTITION_REASSIGNMENTS: AS_KAFKA,
    ApiKey.LIST_PARTITION_REASSIGNMENTS: AS_KAFKA,
    ApiKey.DESCRIBE_CLIENT_QUOTAS: AS_KAFKA,
    ApiKey.ALTER_CLIENT_QUOTAS: Entry(
        "The time of requests is charged and not measured: 100 µs each and 1 µs a KiB, because the clock of a lab "
        "stands still while a broker works. A connection too many of an address is closed at once.",
        "Host names in the place of addresses; quotas by class (client.quota.callback.class).",
    ),
    ApiKey.DESCRIBE_QUORUM: Entry("", "Where controllers listen: they do to nobody from outside."),
    ApiKey.DESCRIBE_CLUSTER: Entry("", "Controllers listen to nobody from outside."),
    ApiKey.UNREGISTER_BROKER: AS_KAFKA,
    ApiKey.GET_TELEMETRY_SUBSCRIPTIONS: Entry(
        "Told by every broker, where Kafka tells of it only with a plug-in. Patterns are RE2's, which look neither "
        "ahead nor back. client_source_port never matches."
    ),
    ApiKey.PUSH_TELEMETRY: Entry(
        "The last value of each metric is kept for the page, with no labels; a histogram as its mean."
    ),
    ApiKey.LIST_CONFIG_RESOURCES: AS_KAFKA,
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: AS_KAFKA,
    ApiKey.ADD_RAFT_VOTER: AS_KAFKA,
    ApiKey.REMOVE_RAFT_VOTER: AS_KAFKA,
    ApiKey.OFFSET_DELETE: AS_KAFKA,
    ApiKey.CONSUMER_GROUP_HEARTBEAT: Entry(
        "Moves of the uniform assignor between members of unlike subscriptions follow its rules, but not always its "
        "choice among equals.",
    ),
    ApiKey.CONSUMER_GROUP_DESCRIBE: Entry("Tells of what was decided, also where it is not yet committed."),
    ApiKey.SHARE_GROUP_HEARTBEAT: AS_KAFKA,
    ApiKey.SHARE_GROUP_DESCRIBE: AS_KAFKA,
    ApiKey.SHARE_FETCH: Entry(
        "Acknowledgements that come along are settled before anything is fetched, not at once with it.",
        "Read-committed groups skip no aborted records. Batches do not get smaller before the last delivery.",
    ),
    ApiKey.SHARE_ACKNOWLEDGE: AS_KAFKA,
    ApiKey.INITIALIZE_SHARE_GROUP_STATE: AS_KAFKA,
    ApiKey.READ_SHARE_GROUP_STATE: AS_KAFKA,
    ApiKey.WRITE_SHARE_GROUP_STATE: Entry("", "Snapshots of partitions that nobody has written to for long."),
    ApiKey.DELETE_SHARE_GROUP_STATE: AS_KAFKA,
    ApiKey.READ_SHARE_GROUP_STATE_SUMMARY: AS_KAFKA,
    ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS: AS_KAFKA,
    ApiKey.ALTER_SHARE_GROUP_OFFSETS: AS_KAFKA,
    ApiKey.DELETE_SHARE_GROUP_OFFSETS: AS_KAFKA,
    ApiKey.SASL_HANDSHAKE: Entry("", "Mechanisms other than PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512."),
    ApiKey.SASL_AUTHENTICATE: Entry(
        "PLAIN asks for the same passwords as SCRAM, where Kafka has a file of its own for it.",
        "Delegation tokens, OAuth, Kerberos, client certificates.",
    ),
    ApiKey.DESCRIBE_ACLS: AS_KAFKA,
    ApiKey.CREATE_ACLS: AS_KAFKA,
    ApiKey.DELETE_ACLS: AS_KAFKA,
    ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS: AS_KAFKA,
    ApiKey.ALTER_USER_SCRAM_CREDENTIALS: AS_KAFKA,
}
