"""What differs between two labs, in sentences: most often one history and another that parted from it.

It is told from what the page is given to draw, so nothing is said that cannot be seen there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kafkalab.lab.frames import Entities
from kafkalab.lab.lab_time import clock_words

Entity = dict[str, Any]

SECOND_US = 1_000_000
TOTALS = {
    "lost_after_ack": "Lost after ack",
    "duplicated": "Duplicated",
    "failed": "Failed",
    "sent": "Sent",
    "acked": "Acked",
    "visible": "Visible",
    "delivered": "Delivered",
}
"""Of the delivery ledger, what hurts most first."""
KINDS = {
    "topic": "Topic",
    "producer": "Producer",
    "consumer": "Consumer",
    "group": "Group",
    "fault": "Fault",
    "client": "Real client",
    "transaction": "Transactional id",
}
"""What there may be in one lab and not in the other."""


@dataclass(frozen=True, slots=True)
class Difference:
    about: str
    """The id of the entity."""
    of: str
    """What of it: the name of its field, or "there" where it is in one of the two only."""
    sentence: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two views under the names by which the sentences call them."""

    a: Entities
    b: Entities
    a_name: str
    b_name: str

    def both(self, kind: str) -> Iterator[tuple[str, Entity, Entity]]:
        for name, entity in self.a.items():
            if entity["kind"] == kind and name in self.b:
                yield name, entity, self.b[name]

    def values(self, what: str, a: Any, b: Any) -> str:
        return f"{what}: {a} in {self.a_name}, {b} in {self.b_name}."


def differences(a: Entities, b: Entities, a_name: str, b_name: str) -> list[Difference]:
    """The gravest first. Nothing where the two are the same."""
    pair = _Pair(a, b, a_name, b_name)
    parts: tuple[Callable[[_Pair], Iterator[Difference]], ...] = (
        _losses,
        _brokers,
        _one_sided,
        _leaders,
        _in_sync,
        _groups,
        _high_watermarks,
        _ledger,
    )
    return [difference for part in parts for difference in part(pair)]


def clocks(a_us: int, b_us: int, a_name: str, b_name: str) -> str:
    """How far apart they are."""
    apart_s = abs(a_us - b_us) / SECOND_US
    if a_us == b_us:
        return f"Both are at {clock_words(a_us)} UTC."
    ahead = a_name if a_us > b_us else b_name
    return f"{a_name} is at {clock_words(a_us)}, {b_name} at {clock_words(b_us)} UTC: {ahead} is {apart_s:.1f} s ahead."


def _losses(pair: _Pair) -> Iterator[Difference]:
    yield from _totals(pair, ("lost_after_ack", "duplicated", "failed"))


def _ledger(pair: _Pair) -> Iterator[Difference]:
    yield from _totals(pair, ("sent", "acked", "visible", "delivered"))


def _totals(pair: _Pair, names: tuple[str, ...]) -> Iterator[Difference]:
    for entity_id, a, b in pair.both("ledger"):
        for name in names:
            if a[name] != b[name]:
                yield Difference(entity_id, name, pair.values(TOTALS[name], a[name], b[name]))


def _brokers(pair: _Pair) -> Iterator[Difference]:
    for kind in ("broker", "controller"):
        for entity_id, a, b in pair.both(kind):
            if a["state"] != b["state"]:
                name = f"{kind.capitalize()} {entity_id.rpartition(':')[2]}"
                states = a["state"].replace("_", " "), b["state"].replace("_", " ")
                yield Difference(entity_id, "state", pair.values(name, *states))


def _one_sided(pair: _Pair) -> Iterator[Difference]:
    for here, there, where in ((pair.a, pair.b, pair.a_name), (pair.b, pair.a, pair.b_name)):
        for entity_id, entity in here.items():
            kind = KINDS.get(entity["kind"])
            if kind is None or entity_id in there or entity.get("internal"):
                continue
            name = entity.get("label") or entity_id.partition(":")[2]
            yield Difference(entity_id, "there", f"{kind} {name} is in {where} only.")


def _partitions(pair: _Pair) -> Iterator[tuple[str, str, Entity, Entity]]:
    for entity_id, a, b in pair.both("partition"):
        if not a["topic"].startswith("__"):
            yield entity_id, f"{a['topic']}-{a['partition']}", a, b


def _leaders(pair: _Pair) -> Iterator[Difference]:
    for entity_id, name, a, b in _partitions(pair):
        if a["leader"] != b["leader"]:
            led = (f"led by broker {it['leader']}" if it["leader"] >= 0 else "without a leader" for it in (a, b))
            yield Difference(entity_id, "leader", pair.values(name, *led))


def _in_sync(pair: _Pair) -> Iterator[Difference]:
    for entity_id, name, a, b in _partitions(pair):
        # The order of an ISR says who came back when.
        if sorted(a["isr"]) != sorted(b["isr"]):
            isrs = (", ".join(map(str, sorted(it["isr"]))) or "nobody" for it in (a, b))
            yield Difference(entity_id, "isr", pair.values(f"{name}, in sync", *isrs))


def _high_watermarks(pair: _Pair) -> Iterator[Difference]:
    for entity_id, name, a, b in _partitions(pair):
        if a["high_watermark"] != b["high_watermark"]:
            ends = a["high_watermark"], b["high_watermark"]
            yield Difference(entity_id, "high_watermark", pair.values(f"{name}, high watermark", *ends))


def _groups(pair: _Pair) -> Iterator[Difference]:
    for entity_id, a, b in pair.both("group"):
        if a["state"] != b["state"]:
            yield Difference(entity_id, "state", pair.values(f"Group {a['group']}", a["state"], b["state"]))
        if a["lag"] != b["lag"]:
            yield Difference(entity_id, "lag", pair.values(f"Lag of group {a['group']}", a["lag"], b["lag"]))
