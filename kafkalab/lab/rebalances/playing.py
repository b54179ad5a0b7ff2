"""One story of a group, played in a fresh cluster in virtual time: the same seed, members and records each time.

Only the group protocol differs between two plays of a story. What happens then, and when, the
engine decides: here stands what is done to it, and all that it told is handed on.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from kafkalab.engine.clients.admin import Admin, create_topic
from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.partitioners import by_key
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.events import Event
from kafkalab.engine.network import Link, Network
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.world import World

TOPIC, GROUP = "orders", "billing"
PARTITIONS = 6
MEMBERS = ("member-1", "member-2", "member-3")
FOURTH = "member-4"
RECORDS_PER_S = 60
"""To each partition in turn: one in 100 ms."""
SLOW = "member-2"
SLOW_WORK_MS, SLOW_POLL_RECORDS = 80, 40
"""Of a slow application: it falls behind, so that each of its polls brings records for 3.2 s of work."""
SESSION_TIMEOUT_MS = 10_000
SHORTENED = f"session timeout 45 s, shown as {SESSION_TIMEOUT_MS // 1000} s"
"""What differs from Kafka's defaults."""
EPOCH_US = 1_767_225_600_000_000
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    title: str
    says: str
    """What happens at 0."""
    before_us: int
    after_us: int
    """How long it is looked at, before and after that."""


STORIES = {
    story.name: story
    for story in (
        Story("joins", "A fourth member joins", "member-4 starts", 2 * SECOND, 12 * SECOND),
        Story(
            "leaves",
            "A member leaves",
            "member-3 is closed: it commits and says that it leaves",
            2 * SECOND,
            12 * SECOND,
        ),
        Story("crashes", "A member crashes", "member-3 is killed and says nothing", 2 * SECOND, 20 * SECOND),
        Story(
            "starts", "Three members start", "member-1, member-2 and member-3 start, 200 ms apart", SECOND, 12 * SECOND
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Protocol:
    title: str
    says: str
    settings: tuple[tuple[str, str], ...]
    """Of each consumer."""


PROTOCOLS = (
    Protocol(
        "Classic, eager",
        "Every member gives up all it has, joins anew and waits for the last one; the leader hands out.",
        (("group_protocol", "classic"), ("assignor", "range")),
    ),
    Protocol(
        "Classic, cooperative",
        "Every member joins anew but reads on; what has to move is given up, then a second rebalance hands it out.",
        (("group_protocol", "classic"), ("assignor", "cooperative-sticky")),
    ),
    Protocol(
        "Consumer protocol",
        "The coordinator computes a target; each member moves towards it at its own heartbeats (KIP-848).",
        (("group_protocol", "consumer"),),
    ),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What the engine told, and when: in microseconds, 0 being the moment of the story."""

    at_us: int
    node: str
    event: Event


def play(story: Story, protocol: Protocol, seed: int, slow: bool) -> list[Fact]:
    """All that was told up to the story's end. `slow`: one member's application is."""
    world = World(seed, EPOCH_US, Network(Link(latency_us=500, jitter_us=200)))
    configs = {
        "offsets.topic.num.partitions": "4",
        "group.consumer.min.session.timeout.ms": str(SESSION_TIMEOUT_MS),
        "group.consumer.session.timeout.ms": str(SESSION_TIMEOUT_MS),
    }
    spec = ClusterSpec.local(3, seed=seed, broker_configs=configs)
    told: list[tuple[int, str, Event]] = []
    world.on_event.append(lambda now_us, node, event: told.append((now_us, node, event)))
    cluster = Cluster(spec, world, lambda _: MemoryDisk())
    bootstrap = tuple(broker.node for broker in spec.brokers)

    def run(us: int) -> None:
        world.run_until(world.now_us + us)

    def start(name: str) -> None:
        settings = ConsumerSettings((TOPIC,), GROUP, **_member_settings(protocol, slow and name == SLOW))
        world.start(Consumer(name, bootstrap, settings))

    cluster.start()
    run(5 * SECOND)
    world.start(Admin("admin", bootstrap))
    world.tell_node("admin", create_topic(0, TOPIC, PARTITIONS, 3, {}))
    run(2 * SECOND)
    keys = ",".join(_key_of(partition) for partition in range(PARTITIONS))
    workload = ProducerSettings(TOPIC, RECORDS_PER_S, f"cycle:{keys}", linger_ms=0)
    world.start(Producer("producer", bootstrap, workload))
    run(2 * SECOND)
    if story.name != "starts":
        for name in MEMBERS:
            start(name)
            run(SECOND // 5)
        # Long enough for the classic group's first delay, and for all to have settled.
        run(10 * SECOND + Random(seed).randrange(5 * SECOND))
    began_us = world.now_us
    match story.name:
        case "joins":
            start(FOURTH)
        case "leaves":
            world.tell_node(MEMBERS[-1], Close())
        case "crashes":
            world.crash(MEMBERS[-1])
        case "starts":
            for name in MEMBERS:
                start(name)
                run(SECOND // 5)
    world.run_until(began_us + story.after_us)
    cluster.close()
    return [Fact(at_us - began_us, node, event) for at_us, node, event in told]


def _member_settings(protocol: Protocol, slow: bool) -> dict[str, Any]:
    settings: dict[str, Any] = dict(protocol.settings)
    if slow:
        settings |= {"processing_ms": SLOW_WORK_MS, "max_poll_records": SLOW_POLL_RECORDS}
    if settings["group_protocol"] == "classic":
        # In the consumer protocol the broker's setting counts.
        settings["session_timeout_ms"] = SESSION_TIMEOUT_MS
    return settings


def _key_of(partition: int) -> str:
    """A key that the partitioner sends there."""
    number = 0
    while by_key(str(number).encode(), PARTITIONS).partition != partition:
        number += 1
    return str(number)
