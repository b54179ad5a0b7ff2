"""Everything a person can do to a lab.

One frozen dataclass each, named as an order. In JSON a command is its name in snake case and its fields:
`{"command": "crash_broker", "broker": 2, "id": 7}`. What the fields' notes allow, `parsing` reads and documents.
"""

from dataclasses import dataclass, field
from typing import Annotated

from kafkalab.lab import client_commands as client
from kafkalab.lab.archive_commands import ArchiveCommand
from kafkalab.lab.branch_commands import BranchCommand
from kafkalab.lab.config_commands import ConfigCommand
from kafkalab.lab.controller_commands import ControllerCommand, DescribeQuorum
from kafkalab.lab.fault_commands import FaultCommand
from kafkalab.lab.parsing import Headers, Names, Numbers, Settings, Text, Whole, YesNo
from kafkalab.lab.security_commands import SecurityCommand
from kafkalab.lab.share_commands import ShareCommand
from kafkalab.lab.stand_in_commands import StandInCommand
from kafkalab.lab.tempo_commands import TempoCommand
from kafkalab.lab.terminal_commands import TerminalCommand
from kafkalab.lab.transaction_commands import TransactionCommand

TopicName = Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,249}")]
GroupName = Annotated[str, Text("The group's id.", longest=249)]
ClientName = Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,60}")]
BrokerId = Annotated[int, Whole("The broker's id.", 0, 999)]
Partition = Annotated[int, Whole("The partition's number.", 0, 9_999)]

UserNote = Text("As whom it asks, for the access control lists. Empty: ANONYMOUS.", pattern=r"[^\s,=:]{1,100}")

ACKS = ("0", "1", "all")
MANY = 2**31 - 1
BUFFER = 33_554_432
ISOLATION_LEVELS = {"read_uncommitted": 0, "read_committed": 1}
ELECTIONS = ("preferred", "unclean")


# -- topics and records ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """Create a topic."""

    name: TopicName
    partitions: Annotated[int, Whole("How many logs it is split into; -1: num.partitions.", -1, 1_000)] = -1
    replication_factor: Annotated[int, Whole("Copies of each, on as many brokers; -1: the default.", -1, 100)] = -1
    configs: Annotated[dict[str, str], Settings("Topic configs by Kafka's names.")] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeleteTopic:
    """Delete a topic and all its records."""

    name: TopicName


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """Let a topic grow. Records stay where they are, but keys may map to other partitions from now on."""

    name: TopicName
    partitions: Annotated[int, Whole("How many there shall be in all.", 1, 1_000)]


@dataclass(frozen=True, slots=True)
class AlterTopicConfig:
    """Change a setting of a topic. It counts at once, on every broker."""

    topic: TopicName
    name: Annotated[str, Text("The setting by Kafka's name.", pattern=r"[a-z.]{1,100}")]
    value: Annotated[str | None, Text("Its value; null takes the topic's own away.", longest=1_000)] = None


@dataclass(frozen=True, slots=True)
class ElectLeader:
    """Hold an election for a partition."""

    topic: TopicName
    partition: Partition
    election_type: Annotated[
        str, Text("preferred: the first replica. unclean: any that lives, losing records.", choices=ELECTIONS)
    ] = "preferred"


@dataclass(frozen=True, slots=True)
class ReassignPartition:
    """Move a partition to other brokers. It copies to those that are new, then gives up the others."""

    topic: TopicName
    partition: Partition
    replicas: Annotated[tuple[int, ...], Numbers("Broker ids, the preferred leader first.", 0, 999)]
    throttle: Annotated[
        int | None, Whole("Bytes a second that may be copied for it. Empty: as fast as it goes.", 0, 2**62)
    ] = None


@dataclass(frozen=True, slots=True)
class VerifyReassignment:
    """Look whether a partition has been moved; if it has, take the throttles of moves away."""

    topic: TopicName
    partition: Partition


@dataclass(frozen=True, slots=True)
class DeleteRecords:
    """Move the start of a partition's log: everything before an offset is gone."""

    topic: TopicName
    partition: Partition
    before_offset: Annotated[int, Whole("The new log start; -1: the high watermark.", -1, 2**62)]


@dataclass(frozen=True, slots=True)
class RollSegment:
    """Close the active segment of each of a topic's replicas: retention and compaction can take it then."""

    topic: TopicName


@dataclass(frozen=True, slots=True)
class RunRetention:
    """Let every broker look now for segments of a topic that are too old, or too many."""

    topic: TopicName


@dataclass(frozen=True, slots=True)
class CompactNow:
    """Let every broker compact its replicas of a topic now, however clean they are. Active segments stay."""

    topic: TopicName


@dataclass(frozen=True, slots=True)
class SendRecord:
    """Send one record and wait for the answer."""

    topic: TopicName
    value: Annotated[str | None, Text("The value. None at all makes it a tombstone.", longest=100_000)] = ""
    key: Annotated[str | None, Text("Empty: no key.", longest=10_000)] = None
    headers: Annotated[tuple[tuple[str, str | None], ...], Headers("Names and values.")] = ()
    partition: Annotated[int | None, Whole("Empty: the partitioner chooses.", 0, 9_999)] = None
    acks: Annotated[str, Text("Whose word counts as stored.", choices=ACKS)] = "all"


# -- producers and consumers of the lab ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateProducer:
    """Run a producer in the lab."""

    topic: TopicName
    name: Annotated[str | None, Text("Empty: the next free name.", pattern=r"[a-zA-Z0-9._-]{1,60}")] = None
    rate: Annotated[int, Whole("Records a second; 0 sends only by hand.", 0, 10_000)] = 1
    key_pattern: Annotated[str, Text(client.KEY_PATTERN_NOTE, pattern=client.KEY_PATTERN)] = "random:12"
    value_size: Annotated[int, Whole("Bytes of each value.", 0, 100_000)] = 100
    acks: Annotated[str, Text("Whose word counts as stored.", choices=ACKS)] = "all"
    idempotence: Annotated[bool, YesNo("Number the batches so that none is written twice.")] = True
    linger_ms: Annotated[int, Whole("Wait this long for a fuller batch.", 0, 60_000)] = 5
    batch_size: Annotated[int, Whole("Bytes of a batch at most.", 1, 1_000_000)] = 16_384
    partitioner: Annotated[str, Text("How a record gets its partition.", choices=client.PARTITIONERS)] = "default"
    key_ranges: Annotated[str | None, Text(client.KEY_RANGES_NOTE, pattern=client.KEY_RANGES)] = None
    synchronous: Annotated[bool, YesNo("Wait for each answer before the next record: send().get().")] = False
    compression: Annotated[str, Text("How batches are compressed.", choices=client.CODECS)] = "none"
    max_in_flight: Annotated[int, Whole("Requests on their way to a broker at most.", 1, 100)] = 5
    retries: Annotated[int, Whole("How often a batch is sent again at most.", 0, MANY)] = MANY
    buffer_memory: Annotated[
        int, Whole("Bytes that may wait to be acked. Where that is full, send() waits.", 1_000, BUFFER)
    ] = BUFFER
    transactional_id: Annotated[
        str | None, Text("Write in transactions under this name. Empty: none.", longest=249)
    ] = None
    records_per_transaction: Annotated[
        int, Whole("Commit after so many records; 0: transactions begin and end by hand.", 0, 100_000)
    ] = 10
    abort_every: Annotated[int, Whole("Abort every so many-th transaction; 0: none.", 0, 1_000)] = 0
    transaction_timeout_ms: Annotated[
        int, Whole("A transaction open for longer is aborted by its coordinator.", 1_000, 900_000)
    ] = 60_000
    limit: Annotated[int | None, Whole("Stop after so many records. Empty: never.", 1, 2**40)] = None
    user: Annotated[str | None, UserNote] = None


@dataclass(frozen=True, slots=True)
class UpdateProducer:
    """Change a running producer; what is null stays."""

    name: ClientName
    rate: Annotated[int | None, Whole("Records a second.", 0, 10_000)] = None
    key_pattern: Annotated[str | None, Text(client.KEY_PATTERN_NOTE, pattern=client.KEY_PATTERN)] = None
    value_size: Annotated[int | None, Whole("Bytes of each value.", 0, 100_000)] = None
    acks: Annotated[str | None, Text("Whose word counts as stored.", choices=ACKS)] = None
    linger_ms: Annotated[int | None, Whole("Wait this long for a fuller batch.", 0, 60_000)] = None
    batch_size: Annotated[int | None, Whole("Bytes of a batch at most.", 1, 1_000_000)] = None
    compression: Annotated[str | None, Text("How batches are compressed.", choices=client.CODECS)] = None


@dataclass(frozen=True, slots=True)
class PauseProducer:
    """Let a producer make no more records until it is resumed."""

    name: ClientName


@dataclass(frozen=True, slots=True)
class ResumeProducer:
    """Let a paused producer go on."""

    name: ClientName


@dataclass(frozen=True, slots=True)
class RemoveProducer:
    """Close a producer: it sends what it still holds, then leaves."""

    name: ClientName


@dataclass(frozen=True, slots=True)
class AddConsumer:
    """Run a consumer in the lab, as a member of a group or on its own."""

    topics: Annotated[tuple[str, ...], Names("Topics to read.", pattern=r"[a-zA-Z0-9._-]{1,249}", fewest=1)]
    group: Annotated[str | None, Text("The group it joins. Empty: none, it reads everything.", longest=249)] = None
    name: Annotated[str | None, Text("Empty: the next free name.", pattern=r"[a-zA-Z0-9._-]{1,60}")] = None
    auto_offset_reset: Annotated[
        str, Text("Where to begin without a committed offset.", choices=("earliest", "latest", "none"))
    ] = "earliest"
    processing_ms: Annotated[int, Whole("How long each record keeps it busy.", 0, 600_000)] = 0
    commit: Annotated[str, Text(client.COMMIT_NOTE, choices=client.COMMITS)] = "auto"
    auto_commit_interval_ms: Annotated[int, Whole("Between automatic commits.", 1, 600_000)] = 5_000
    group_protocol: Annotated[str, Text("consumer: the newer one, KIP-848.", choices=("classic", "consumer"))] = (
        "classic"
    )
    group_remote_assignor: Annotated[
        str | None, Text("Of the consumer protocol. Empty: the coordinator's choice.", choices=("uniform", "range"))
    ] = None
    assignor: Annotated[
        str, Text("Of the classic protocol.", choices=("range", "roundrobin", "sticky", "cooperative-sticky"))
    ] = "range"
    session_timeout_ms: Annotated[int, Whole("Silence after which a member is dead.", 6_000, 1_800_000)] = 45_000
    heartbeat_interval_ms: Annotated[int, Whole("Between heartbeats.", 1, 600_000)] = 3_000
    max_poll_interval_ms: Annotated[int, Whole("Between polls at most.", 1, MANY)] = 300_000
    max_poll_records: Annotated[int, Whole("Records of a poll at most.", 1, 10_000)] = 500
    isolation_level: Annotated[
        str,
        Text("read_committed: nothing of transactions that are open or aborted.", choices=tuple(ISOLATION_LEVELS)),
    ] = "read_uncommitted"
    unreadable: Annotated[
        str | None, Text("It cannot parse values that begin so: poll throws there. Empty: it parses all.", longest=100)
    ] = None
    rack: Annotated[str | None, Text("Its client.rack. Empty: none.", longest=100)] = None
    user: Annotated[str | None, UserNote] = None


@dataclass(frozen=True, slots=True)
class UpdateConsumer:
    """Change a running consumer; what is null stays."""

    name: ClientName
    processing_ms: Annotated[int | None, Whole("How long each record keeps it busy.", 0, 600_000)] = None
    max_poll_records: Annotated[int | None, Whole("Records of a poll at most.", 1, 10_000)] = None


@dataclass(frozen=True, slots=True)
class RemoveConsumer:
    """Close a consumer: it commits, leaves its group and ends."""

    name: ClientName


@dataclass(frozen=True, slots=True)
class CrashConsumer:
    """Kill a consumer. It says nothing to its group, which notices after the session timeout."""

    name: ClientName


# -- groups ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Delete a group without members, and its committed offsets."""

    group: GroupName


# -- brokers and the network -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CrashBroker:
    """Stop a broker as kill -9 does: memory is gone, the disk stays, nobody is told."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class StopBroker:
    """Shut a broker down in good order: its leaderships move away first."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class StartBroker:
    """Start a broker that is down, on the disk it left."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class UnregisterBroker:
    """Let the cluster forget a broker that will not come back. Its replicas stay assigned to it."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class FreezeBroker:
    """Let a broker stand still as SIGSTOP does: alive, holding its connections, doing nothing."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class ThawBroker:
    """Let a frozen broker go on."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class IsolateBroker:
    """Cut a broker off from everyone there is: other brokers, the controller, clients. It runs on alone."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class HealNetwork:
    """Mend every cut in the network."""


Command = (
    CreateTopic
    | DeleteTopic
    | AddPartitions
    | AlterTopicConfig
    | ElectLeader
    | ReassignPartition
    | VerifyReassignment
    | DeleteRecords
    | RollSegment
    | RunRetention
    | CompactNow
    | SendRecord
    | CreateProducer
    | UpdateProducer
    | PauseProducer
    | ResumeProducer
    | RemoveProducer
    | AddConsumer
    | UpdateConsumer
    | RemoveConsumer
    | CrashConsumer
    | DeleteGroup
    | CrashBroker
    | StopBroker
    | StartBroker
    | UnregisterBroker
    | FreezeBroker
    | ThawBroker
    | IsolateBroker
    | HealNetwork
    | ConfigCommand
    | ControllerCommand
    | DescribeQuorum
    | SecurityCommand
    | TransactionCommand
    | ShareCommand
    | StandInCommand
    | FaultCommand
    | TempoCommand
    | client.ClientCommand
    | BranchCommand
    | TerminalCommand
    | ArchiveCommand
)
