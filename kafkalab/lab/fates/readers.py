"""Who was given which offsets, how often, and how far each group has committed."""

from typing import NamedTuple

from kafkalab.engine.events import RecordsAcknowledged, RecordsDelivered
from kafkalab.lab.fates.holders import Key
from kafkalab.lab.fates.spans import Range, Spans

MOST_RANGES = 1_000
"""Of one reader and partition. Offsets read on and on are one range: only reading again makes another."""


class Delivery(NamedTuple):
    first: int
    last: int
    client: str
    committed_only: bool
    """The client reads committed records only: aborted ones in between were not given to it."""
    goes_on: bool = True
    """What the client is given next follows on this."""


class Readers:
    def __init__(self) -> None:
        self._delivered: dict[Key, dict[str, list[Delivery]]] = {}
        self._committed: dict[Key, dict[str, int]] = {}
        self._acknowledged: dict[Key, dict[str, Spans]] = {}

    def go_on_from(self, other: "Readers") -> None:
        self._delivered = {
            key: {reader: list(ranges) for reader, ranges in by_reader.items()}
            for key, by_reader in other._delivered.items()
        }
        self._committed = {key: dict(groups) for key, groups in other._committed.items()}
        self._acknowledged = {
            key: {group: spans.copy() for group, spans in groups.items()} for key, groups in other._acknowledged.items()
        }

    def on_delivered(self, reader: str, event: RecordsDelivered, committed_only: bool) -> None:
        ranges = self._delivered.setdefault((event.topic, event.partition), {}).setdefault(reader, [])
        last = ranges[-1] if ranges else None
        follows = last is not None and last.goes_on and last.last < event.first_offset
        if last is not None and follows and last[2:4] == (event.client, committed_only):
            # What lies between them holds no records, or none that this client may read.
            ranges[-1] = last._replace(last=event.last_offset)
            return
        ranges.append(Delivery(event.first_offset, event.last_offset, event.client, committed_only))
        if len(ranges) > MOST_RANGES:
            del ranges[0]

    def on_moved(self, client: str) -> None:
        """It begins somewhere else: what lies between was not given to it."""
        for by_reader in self._delivered.values():
            for ranges in by_reader.values():
                if ranges and ranges[-1].client == client:
                    ranges[-1] = ranges[-1]._replace(goes_on=False)

    def on_committed(self, group: str, key: Key, offset: int) -> None:
        self._committed.setdefault(key, {})[group] = offset

    def committed(self, key: Key, group: str) -> int | None:
        return self._committed.get(key, {}).get(group)

    def ranges(self, key: Key, reader: str) -> list[Range]:
        """What it was given, as it was given: some of it perhaps twice."""
        return [(one.first, one.last + 1) for one in self._delivered.get(key, {}).get(reader, ())]

    def on_acknowledged(self, event: RecordsAcknowledged) -> None:
        groups = self._acknowledged.setdefault((event.topic, event.partition), {})
        groups.setdefault(event.group, Spans()).add(event.first_offset, event.last_offset + 1)

    def given(self, key: Key, offset: int, aborted: bool) -> list[tuple[str, str]]:
        """(reader, client) for each time that somebody was given that record."""
        return [
            (reader, one.client)
            for reader, ranges in self._delivered.get(key, {}).items()
            for one in ranges
            if one.first <= offset <= one.last and not (aborted and one.committed_only)
        ]

    def given_between(self, key: Key, first: int, last: int) -> list[tuple[str, Delivery]]:
        return [
            (reader, one)
            for reader, ranges in self._delivered.get(key, {}).items()
            for one in ranges
            if one.first <= last and one.last >= first
        ]

    def done_with(self, key: Key, offset: int) -> list[str]:
        """Groups that have committed beyond it, and share groups that have acknowledged it."""
        groups = [group for group, committed in self._committed.get(key, {}).items() if committed > offset]
        for group, spans in self._acknowledged.get(key, {}).items():
            if any(start <= offset < end for start, end in spans.ranges):
                groups.append(group)
        return groups

    def cut_at(self, key: Key, offset: int) -> None:
        """Another record comes to each offset from here on: who had the old one has not had the new one."""
        for reader, ranges in self._delivered.get(key, {}).items():
            kept = [one._replace(last=min(one.last, offset - 1)) for one in ranges if one.first < offset]
            self._delivered[key][reader] = kept
        for spans in self._acknowledged.get(key, {}).values():
            spans.ranges = spans.outside([(offset, 2**63)])

    def forget_group(self, group: str) -> None:
        for committed in self._committed.values():
            committed.pop(group, None)
        for acknowledged in self._acknowledged.values():
            acknowledged.pop(group, None)

    def forget_topic(self, topic: str) -> None:
        for table in (self._delivered, self._committed, self._acknowledged):
            for key in [key for key in table if key[0] == topic]:
                del table[key]
