"""What a history is made of: its topics, clients and faults, each a plan that can be written down and read again."""

from dataclasses import dataclass

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class TopicPlan:
    name: str
    partitions: int
    replication_factor: int
    min_insync_replicas: int
    segment_bytes: int
    configs: tuple[tuple[str, str], ...] = ()
    """How old records go, where they do."""

    @property
    def settings(self) -> dict[str, str]:
        size, fewest = str(self.segment_bytes), str(self.min_insync_replicas)
        return {"min.insync.replicas": fewest, "internal.segment.bytes": size, **dict(self.configs)}

    @property
    def is_compacted(self) -> bool:
        return ("cleanup.policy", "compact") in self.configs


@dataclass(frozen=True, slots=True)
class ProducerPlan:
    name: str
    topic: str
    acks: int
    idempotence: bool
    rate_per_s: float
    linger_ms: int
    keys: int
    tombstone_every: int
    transactional_id: str | None = None
    """None: no transactions."""
    transaction_timeout_ms: int = 0
    records_per_transaction: int = 0
    abort_every: int = 0


@dataclass(frozen=True, slots=True)
class ConsumerPlan:
    name: str
    group: str
    topics: tuple[str, ...]
    assignor: str
    commit: str
    processing_ms: int
    rack: str | None = None
    isolation_level: int = 0
    """1: read_committed."""
    group_protocol: str = "classic"
    """consumer: the newer one, where the coordinator assigns, and its settings count in place of the assignor."""


@dataclass(frozen=True, slots=True)
class MoverPlan:
    """Who copies a topic to another one, exactly once."""

    name: str
    group: str
    source: str
    sink: str
    transactional_id: str
    transaction_timeout_ms: int
    records_per_transaction: int
    abort_every: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, and when it is mended."""

    at_us: int
    until_us: int
    kind: str
    """One of the kinds below."""
    node: str
    other: str = ""
    """The far end of a link, for faults of links."""


KINDS = {
    "kill": 5,
    "stop": 3,
    "freeze": 2,
    "cut": 3,
    "cut one way": 2,
    "isolate": 3,
    "slow link": 3,
    "lossy link": 2,
    "controller restart": 1,
    "consumer crash": 2,
    "reset": 2,
    "reassign": 4,
    "move leader": 2,
    "prefer leaders": 2,
    "change settings": 2,
}
"""What may go wrong, with its weight. Every fault is mended at the end of chaos at the latest.

The last four are no faults but orders of a person, who chooses the worst moments for them.
"""


MACHINE_KINDS = {"disk slow": 2, "disk full": 1, "disk failed": 1, "torn write": 2, "clock skew": 2}
"""What may go wrong with a machine, besides, so that none of KINDS becomes rarer for it."""


CONTROLLER_KINDS = {
    "controller kill": 2,
    "controller stop": 1,
    "controller freeze": 2,
    "controller isolate": 2,
    "controller cut": 2,
    "controller cut one way": 1,
    "active controller kill": 2,
    "active controller isolate": 2,
}
"""What may go wrong with one of three controllers, besides."""


MISHAP_KINDS = {
    "power loss": 3,
    "unregister": 1,
    "rolling restart": 1,
    "stale requests": 4,
    "slow consumer": 2,
}
"""What has a story of its own, besides; `mishaps` tells it."""
TRANSACTION_KINDS = {
    "producer crash": 2,
    "zombie frozen": 3,
    "zombie cut off": 3,
    "coordinator kill": 4,
    "coordinator freeze": 2,
    "stale ends": 3,
}
"""What may go wrong besides where there are transactions; `zombies` tells it."""
MOVER_KINDS = {"mover crash": 2, "mover frozen": 3, "group coordinator kill": 3}
"""What may go wrong besides where something is moved exactly once; `movers` tells it."""
REMAKE = "topic remade"
FLEETING, CARELESS = "fleeting", "careless"
"""Topics that some histories have: one is deleted and made again, one has unclean elections."""
ROLLING_US = 15 * SECOND_US
"""From one broker's turn in a rolling restart to the next one's."""


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    brokers: int
    racks: tuple[str, ...]
    broker_configs: tuple[tuple[str, str], ...]
    latency_us: int
    topics: tuple[TopicPlan, ...]
    producers: tuple[ProducerPlan, ...]
    consumers: tuple[ConsumerPlan, ...]
    faults: tuple[Fault, ...]
    chaos_us: int
    end_us: int
    controllers: int = 1
    movers: tuple[MoverPlan, ...] = ()
