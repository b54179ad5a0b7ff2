"""Records that a group is done with and never worked on: it committed beyond them, and nobody got them.

That is what becomes of what was committed before the work on it when the worker dies. Known of groups of the
lab's own consumers alone: of a real client nobody knows what its application has done.
"""

from typing import NamedTuple

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.log.log import Log
from kafkalab.lab.fates.holders import Holders, Key
from kafkalab.lab.fates.readers import MOST_RANGES, Readers
from kafkalab.lab.fates.spans import Range, Spans


class Known(NamedTuple):
    """What a count was made of, and the offsets that were counted."""

    made_of: tuple[object, ...]
    spans: Spans


class PassedOver:
    def __init__(self, cluster: Cluster, holders: Holders, readers: Readers) -> None:
        self._cluster = cluster
        self._holders = holders
        self._readers = readers
        self._began: dict[tuple[Key, str], int] = {}
        """By partition and group: the first offset that a consumer of the lab began at."""
        self._strangers: dict[str, None] = {}
        """Groups in which real clients read."""
        self._known: dict[tuple[Key, str], Known] = {}

    def go_on_from(self, other: "PassedOver") -> None:
        self._began, self._strangers = dict(other._began), dict(other._strangers)
        self._known = dict(other._known)

    def began_at(self, group: str, key: Key, offset: int) -> None:
        self._began[key, group] = min(offset, self._began.get((key, group), offset))

    def read_by_a_stranger(self, group: str) -> None:
        self._strangers[group] = None

    def forget_topic(self, topic: str) -> None:
        self._forget([known for known in self._began if known[0][0] == topic])

    def forget_group(self, group: str) -> None:
        self._forget([known for known in self._began if known[1] == group])
        self._strangers.pop(group, None)

    def _forget(self, gone: list[tuple[Key, str]]) -> None:
        for known in gone:
            del self._began[known]
            self._known.pop(known, None)

    @property
    def count(self) -> int:
        return sum(end - start for key, group in self._began for start, end in self.spans(key, group).ranges)

    def by(self, key: Key, offset: int) -> list[str]:
        """The groups that have passed over that record."""
        groups = [group for of, group in self._began if of == key]
        return [group for group in groups if any(a <= offset < b for a, b in self.spans(key, group).ranges)]

    def spans(self, key: Key, group: str) -> Spans:
        """The offsets of one partition that a group has passed over."""
        committed = self._readers.committed(key, group)
        if committed is None or group in self._strangers:
            return Spans()
        worked_on, began = self._readers.ranges(key, group), self._began[key, group]
        if len(worked_on) == 1 and worked_on[0][0] <= began and committed <= worked_on[0][1]:
            return Spans()
        leader = self._holders.leader(key)
        known = self._known.get((key, group))
        if leader is None:
            return known.spans if known is not None else Spans()
        in_hand = self._in_hand(key, group)
        made_of = (committed, len(worked_on), worked_on[-1:], in_hand, leader.log.start_offset)
        if known is None or known.made_of != made_of:
            began = max(began, leader.log.start_offset)
            if len(worked_on) >= MOST_RANGES:
                # Of what came before it is not known any more.
                began = max(began, worked_on[0][0])
            missing = Spans([(began, committed)] if began < committed else []).outside([*worked_on, *in_hand])
            known = self._known[key, group] = Known(made_of, _records_in(leader.log, missing))
        return known.spans

    def _in_hand(self, key: Key, group: str) -> tuple[Range, ...]:
        """What consumers of the group are working on now."""
        nodes = self._cluster.world.nodes.values()
        members = [node for node in nodes if isinstance(node, Consumer) and node.settings.group == group]
        offsets = [member.offsets_in_hand(key) for member in members]
        return tuple((held[0], held[-1] + 1) for held in offsets if held)


def _records_in(log: Log, ranges: list[Range]) -> Spans:
    """Nobody passes over the end of a transaction, a record of an aborted one, or what compaction took."""
    found = Spans()
    for start, end in ranges:
        aborted = log.aborted_between(start, end)
        for stored in log.headers(start, end):
            batch = stored.batch
            if batch.is_control or batch.records_count < batch.next_offset - batch.base_offset:
                continue
            if batch.is_transactional and any(
                one.producer_id == batch.producer_id and one.first_offset <= batch.base_offset <= one.last_offset
                for one in aborted
            ):
                continue
            found.add(max(start, batch.base_offset), min(end, batch.next_offset))
    return found
