"""What a play of the story tells: who had what and delivered when, and how long each was silent.

All of it is computed from the events of the engine. A member delivers when its application has
records in hand; it is silent between two deliveries. Since each partition gets a record every
100 ms, a silence that is much longer is the rebalance's.
"""

from dataclasses import dataclass
from itertools import pairwise

from kafkalab.engine.events import (
    ConsumerGroupEpochBumped,
    GroupAssigned,
    GroupStateChanged,
    MemberJoined,
    MemberLeft,
    MemberReconciled,
    NodeCrashed,
    NodeExited,
    NodeStarted,
    PartitionsAssigned,
    PartitionsRevoked,
    RecordsDelivered,
    TargetAssignmentComputed,
)
from kafkalab.lab.rebalances.playing import (
    FOURTH,
    GROUP,
    MEMBERS,
    PARTITIONS,
    PROTOCOLS,
    TOPIC,
    Fact,
    Protocol,
    Story,
    play,
)

SILENT_US = 250_000
"""Longer between two deliveries from a partition means: it was not delivering."""


OF_A_REBALANCE = (
    ConsumerGroupEpochBumped,
    GroupAssigned,
    GroupStateChanged,
    MemberJoined,
    MemberLeft,
    MemberReconciled,
    NodeCrashed,
    NodeExited,
    NodeStarted,
    PartitionsAssigned,
    PartitionsRevoked,
    TargetAssignmentComputed,
)


@dataclass(frozen=True, slots=True)
class Span:
    """From and to, in microseconds."""

    start_us: int
    end_us: int
    what: str = ""

    @property
    def long_us(self) -> int:
        return self.end_us - self.start_us


@dataclass(frozen=True, slots=True)
class Silence:
    """The longest one of a member or a partition."""

    span: Span
    usual_us: int
    """The longest one before the story began; 0 if it did not deliver then."""

    @property
    def ms(self) -> int:
        return round(self.span.long_us / 1000)

    @property
    def usual_ms(self) -> int:
        return round(self.usual_us / 1000)


@dataclass(frozen=True, slots=True)
class Lane:
    """One member's way through the story."""

    member: str
    alive: Span
    gone: str
    """How it ended, if it did: "left" or "killed"."""
    has: tuple[tuple[Span, ...], ...]
    """By partition: when the member had it."""
    delivers: tuple[tuple[Span, ...], ...]
    """By partition: when it delivered from it."""
    steps: tuple[Span, ...]
    """Its states as the coordinator sees them, in the consumer protocol."""
    silence: Silence | None
    """None for a member that is gone."""


@dataclass(frozen=True, slots=True)
class Run:
    """The story under one protocol."""

    protocol: Protocol
    states: tuple[Span, ...]
    """The group's."""
    lanes: tuple[Lane, ...]
    partitions: tuple[Silence, ...]
    """By partition: the longest time in which no member delivered from it."""
    settled_us: int
    """When the group was stable for good."""
    told: tuple[tuple[int, str], ...]
    """What of it the engine told: when, in microseconds, and the sentence."""


def compare(story: Story, seed: int, slow: bool) -> tuple[Run, ...]:
    """The same story from the same seed under each protocol."""
    return tuple(_told(story, protocol, play(story, protocol, seed, slow)) for protocol in PROTOCOLS)


def _told(story: Story, protocol: Protocol, facts: list[Fact]) -> Run:
    window = Span(-story.before_us, story.after_us)
    names = [*MEMBERS, FOURTH] if story.name == "joins" else list(MEMBERS)
    partitions = tuple(
        _silence(
            [it for fact in facts if (it := _delivered_at(fact, None, partition)) is not None], window.start_us, window
        )
        for partition in range(PARTITIONS)
    )
    states = _states(facts, window)
    settled_us = states[-1].start_us if states and states[-1].what == "Stable" else story.after_us
    return Run(
        protocol,
        states,
        tuple(_lane(name, facts, window) for name in names),
        partitions,
        max(0, settled_us),
        _sentences(facts, window),
    )


def _lane(name: str, facts: list[Fact], window: Span) -> Lane:
    mine = [fact for fact in facts if fact.node == name]
    born_us = next(fact.at_us for fact in mine if isinstance(fact.event, NodeStarted))
    died = next((fact for fact in mine if isinstance(fact.event, NodeCrashed | NodeExited)), None)
    end_us = died.at_us if died is not None else window.end_us
    alive = Span(max(born_us, window.start_us), end_us)
    gone = "" if died is None else "killed" if isinstance(died.event, NodeCrashed) else "left"
    delivered = [[it for fact in mine if (it := _delivered_at(fact, name, n)) is not None] for n in range(PARTITIONS)]
    return Lane(
        name,
        alive,
        gone,
        tuple(_had(mine, partition, alive) for partition in range(PARTITIONS)),
        tuple(_runs(times, alive) for times in delivered),
        _steps(name, facts, alive),
        None if gone else _silence(sorted(at for times in delivered for at in times), born_us, window),
    )


def _delivered_at(fact: Fact, member: str | None, partition: int) -> int | None:
    event = fact.event
    if isinstance(event, RecordsDelivered) and event.partition == partition and member in (None, event.client):
        return fact.at_us
    return None


def _silence(times: list[int], born_us: int, window: Span) -> Silence:
    """`born_us`: who starts within the window is silent until its first delivery."""
    before = [at for at in times if at < 0]
    usual_us = max((b - a for a, b in pairwise(at for at in before if at >= window.start_us)), default=0)
    begin_us = before[-1] if before else max(born_us, 0)
    ends = [begin_us, *(at for at in times if at >= 0), window.end_us]
    spans = [Span(a, b) for a, b in pairwise(ends)]
    return Silence(max(spans, key=lambda span: span.long_us), usual_us)


def _had(mine: list[Fact], partition: int, alive: Span) -> tuple[Span, ...]:
    where = f"{TOPIC}-{partition}"
    spans: list[Span] = []
    since_us: int | None = None
    for fact in mine:
        event = fact.event
        if isinstance(event, PartitionsAssigned) and where in event.partitions:
            since_us = fact.at_us
        elif isinstance(event, PartitionsRevoked) and where in event.partitions and since_us is not None:
            spans.append(Span(since_us, fact.at_us))
            since_us = None
    if since_us is not None:
        spans.append(Span(since_us, alive.end_us))
    return _within(spans, alive)


def _runs(times: list[int], alive: Span) -> tuple[Span, ...]:
    """Deliveries that follow close on one another are one span."""
    spans: list[Span] = []
    for at_us in times:
        if spans and at_us - spans[-1].end_us <= SILENT_US:
            spans[-1] = Span(spans[-1].start_us, at_us)
        else:
            spans.append(Span(at_us, at_us))
    return _within(spans, alive)


def _states(facts: list[Fact], window: Span) -> tuple[Span, ...]:
    spans: list[Span] = []
    for fact in facts:
        event = fact.event
        if isinstance(event, GroupStateChanged) and event.group == GROUP:
            if spans:
                spans[-1] = Span(spans[-1].start_us, fact.at_us, spans[-1].what)
            spans.append(Span(fact.at_us, window.end_us, event.after))
    return _within(spans, window)


def _steps(name: str, facts: list[Fact], alive: Span) -> tuple[Span, ...]:
    """Of MemberReconciled, which names the member by its id: the client is told when it joins."""
    spans: list[Span] = []
    for fact in facts:
        event = fact.event
        if isinstance(event, MemberReconciled) and _client_of(event.member, facts) == name:
            if spans:
                spans[-1] = Span(spans[-1].start_us, fact.at_us, spans[-1].what)
            spans.append(Span(fact.at_us, alive.end_us, event.state))
    return tuple(span for span in _within(spans, alive) if span.what != "stable")


def _sentences(facts: list[Fact], window: Span) -> tuple[tuple[int, str], ...]:
    """With the members called by their clients' names."""
    clients = {fact.event.member: fact.event.client for fact in facts if isinstance(fact.event, MemberJoined)}
    told = []
    for fact in facts:
        if isinstance(fact.event, OF_A_REBALANCE) and fact.at_us >= window.start_us:
            sentence = fact.event.sentence()
            for member_id, client in clients.items():
                sentence = sentence.replace(member_id, client)
            told.append((fact.at_us, sentence))
    return tuple(told)


def _client_of(member_id: str, facts: list[Fact]) -> str:
    joined = (fact.event for fact in facts if isinstance(fact.event, MemberJoined))
    return next(event.client for event in joined if event.member == member_id)


def _within(spans: list[Span], window: Span) -> tuple[Span, ...]:
    cut = (Span(max(it.start_us, window.start_us), min(it.end_us, window.end_us), it.what) for it in spans)
    return tuple(span for span in cut if span.end_us > span.start_us)
