"""What a person can break, besides killing and freezing brokers. Every fault has a number and can be undone."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.engine.broker.releases import RELEASES
from kafkalab.lab.parsing import Text, Whole
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.errors import ErrorCode

TopicName = Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,249}")]
BrokerId = Annotated[int, Whole("The broker's id.", 0, 999)]
AnyBroker = Annotated[int | None, Whole("The broker's id. Empty: all.", 0, 999)]
Partition = Annotated[int, Whole("The partition's number.", 0, 9_999)]
NodeName = Annotated[str, Text("A node: broker-1, controller-3000, or a client's name.", longest=60)]

APIS = tuple(ApiKey(key).message_name for key in SERVED)
ERRORS = tuple(error.name.upper() for error in ErrorCode if error.name != "none")


@dataclass(frozen=True, slots=True)
class SlowDisk:
    """Let every write of a broker take its time; the broker stands still meanwhile."""

    broker: BrokerId
    delay_ms: Annotated[int, Whole("Of each write.", 1, 60_000)] = 100


@dataclass(frozen=True, slots=True)
class FillDisk:
    """Let a broker's disk run full. The broker halts at the first write that does not fit, as Kafka does."""

    broker: BrokerId
    free_bytes: Annotated[int, Whole("How much fits yet.", 0, 2**40)] = 0


@dataclass(frozen=True, slots=True)
class FailDisk:
    """Let a broker's disk fail. With its only log directory gone the broker halts, as Kafka's does."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class TearWrite:
    """Let the power go in the middle of a broker's next write of records."""

    broker: BrokerId


@dataclass(frozen=True, slots=True)
class CutLink:
    """Cut the link between two nodes."""

    one: NodeName
    other: NodeName
    direction: Annotated[
        str, Text("Which way nothing passes: both, or only from `one` to `other`.", choices=("both", "one way"))
    ] = "both"


@dataclass(frozen=True, slots=True)
class LosePackets:
    """Lose some packets between two nodes. TCP sends them again, so what is lost comes late."""

    one: NodeName
    other: NodeName
    percent: Annotated[int, Whole("How many of a hundred.", 1, 95)] = 20


@dataclass(frozen=True, slots=True)
class DelayLink:
    """Let everything between two nodes take longer."""

    one: NodeName
    other: NodeName
    delay_ms: Annotated[int, Whole("Each way.", 1, 60_000)] = 100
    jitter_ms: Annotated[int, Whole("Up to so much more, by chance.", 0, 60_000)] = 0


@dataclass(frozen=True, slots=True)
class DuplicateConnections:
    """Let connections between two nodes break at the end that asks, and only there: it asks again on a
    new one, while the other end still serves the old."""

    one: NodeName
    other: NodeName
    percent: Annotated[int, Whole("After how many of a hundred requests.", 1, 95)] = 20


@dataclass(frozen=True, slots=True)
class IsolateRack:
    """Cut the brokers of a rack, together, off from everyone else."""

    rack: Annotated[str, Text("The rack's name.", longest=100)]


@dataclass(frozen=True, slots=True)
class SkewClock:
    """Set a broker's clock wrong: what it stamps and what it deletes by age goes by that clock."""

    broker: BrokerId
    by_ms: Annotated[int, Whole("Ahead; behind if negative.", -(10**12), 10**12)]


@dataclass(frozen=True, slots=True)
class FailResponses:
    """Let the next answers to an API be an error, or late, or both."""

    api: Annotated[str, Text("By Kafka's name.", choices=APIS)]
    error: Annotated[str | None, Text("By Kafka's name. Empty: none.", choices=ERRORS)] = None
    times: Annotated[int, Whole("How many answers of each broker.", 1, 1_000_000)] = 1
    round_trip_ms: Annotated[int, Whole("How long each is held back.", 0, 600_000)] = 0
    broker: AnyBroker = None
    topic: Annotated[str | None, Text("Only requests that name it. Empty: all.", longest=249)] = None
    partition: Annotated[int | None, Whole("Only this one of the topic. Empty: all.", 0, 9_999)] = None


@dataclass(frozen=True, slots=True)
class LoseAnswers:
    """Let the next requests to an API be carried out, and connections break before the answers are out."""

    api: Annotated[str, Text("By Kafka's name.", choices=APIS)] = "Produce"
    times: Annotated[int, Whole("How many answers of each broker.", 1, 1_000_000)] = 1
    broker: AnyBroker = None
    topic: Annotated[str | None, Text("Only requests that name it. Empty: all.", longest=249)] = None


@dataclass(frozen=True, slots=True)
class HideLeader:
    """Let metadata say that a partition has no leader."""

    topic: TopicName
    partition: Partition
    broker: AnyBroker = None


@dataclass(frozen=True, slots=True)
class TellStaleLeader:
    """Let metadata name a leader of an epoch ago."""

    topic: TopicName
    partition: Partition
    leader: BrokerId
    broker: AnyBroker = None


@dataclass(frozen=True, slots=True)
class MoveCoordinator:
    """Say that a group's coordinator is another broker, and let all others refuse the group."""

    group: Annotated[str, Text("The group's id.", longest=249)]
    broker: BrokerId


@dataclass(frozen=True, slots=True)
class PoseAsKafka:
    """Let brokers pose as an older Kafka: real clients are told its versions and get no newer ones."""

    release: Annotated[str, Text("Which Kafka.", choices=tuple(RELEASES))]
    broker: AnyBroker = None


@dataclass(frozen=True, slots=True)
class AdvertiseWrongAddress:
    """Let a broker's advertised.listeners name an address where it is not. Kafka reads them when a broker starts."""

    broker: BrokerId
    host: Annotated[
        str, Text("Which clients are told. It must lead nowhere, or here.", pattern=r"[a-zA-Z0-9.-]{1,200}")
    ] = "kafka.invalid"
    port: Annotated[int, Whole("Which clients are told.", 1, 65_535)] = 9092


@dataclass(frozen=True, slots=True)
class UndoFault:
    """Undo a fault. A broker that halted over it has to be started again."""

    fault: Annotated[int, Whole("The fault's number.", 1, 10**9)]


FaultCommand = (
    SlowDisk
    | FillDisk
    | FailDisk
    | TearWrite
    | CutLink
    | LosePackets
    | DelayLink
    | DuplicateConnections
    | IsolateRack
    | SkewClock
    | FailResponses
    | LoseAnswers
    | HideLeader
    | TellStaleLeader
    | MoveCoordinator
    | PoseAsKafka
    | AdvertiseWrongAddress
    | UndoFault
)
