"""The ledger record by record: what became of each, newest first, for whoever wants to see a total's records.

A row says what is known at the moment of asking. Of a real client nobody knows what it did before it
sent, or whether it gave up; nor whether it used what it fetched.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.lab.fates.holders import Held, Key
from kafkalab.lab.fates.lots import Copy, Lot
from kafkalab.lab.fates.orphans import is_lost
from kafkalab.lab.reading import text
from kafkalab.wire import batches
from kafkalab.wire.batches import CorruptBatch
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab
    from kafkalab.lab.ledger import Ledger

ROWS = 200
"""Of one page."""
MOST_LOOKED_AT = 500
"""Records at one go, since all else waits for that: there may be more behind a page that is not full."""

FATES = {
    "sent": "Sent: it left its producer.",
    "waiting": "Waiting: neither acked nor given up.",
    "acked": "Acked: a broker said that it is stored.",
    "unconfirmed": "Unconfirmed: sent with acks=0, so nobody says.",
    "visible": "Visible: below the high watermark.",
    "delivered": "Delivered: a reader was given it.",
    "committed": "Committed: a group has committed beyond it.",
    "passed_over": "Passed over: a group has committed beyond it, and its application never worked on it.",
    "duplicated": "Duplicated: it lies in the log twice, or a reader was given it twice.",
    "failed": "Failed: it was refused, and nobody sends it again.",
    "lost_before_ack": "Lost before ack: its producer was killed while it had it, and no log has it.",
    "lost_after_ack": "Lost after ack: acked, and no replica that may lead has it.",
    "aborted": "Aborted: its transaction was.",
    "dropped": "Dropped: by retention, compaction, DeleteRecords or with its topic.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Of a record in the ledger: rows go down from here."""

    lot: int
    index: int


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    """A group, or a client that is in none."""
    times: int
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    place: Place
    fates: tuple[str, ...]
    topic: str
    partition: int
    offset: int | None
    """None while nobody knows where it is stored, if it is."""
    copies: tuple[int, ...]
    """The offsets at which it is stored now: more than one if it was stored twice."""
    key: str | None
    value: str | None
    known: bool
    """The ledger still has the record's bytes, so that key and value can be told."""
    sender: str
    sent_us: int
    attempts: int
    acks: int
    error: str
    acked_us: int
    replicas: tuple[int, ...]
    """Brokers that hold it, also those that are down."""
    may_lead: tuple[int, ...]
    """Of those, the ones that can become the leader."""
    transaction: str
    """open, commit or abort; empty where there is none."""
    readers: tuple[Reader, ...]
    committed_by: tuple[str, ...]
    dropped: str
    """Why it is not there any more, where that was meant."""


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    more: Place | None
    """Where the next page begins."""
    kept: int
    """Records that the ledger knows one by one."""
    forgotten: int
    """Older ones, of which it has the totals alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    fate: str = "sent"
    topic: str = ""
    key: str = ""


def fates(lab: "Lab", wanted: Wanted, before: Place | None = None, most: int = ROWS) -> Page:
    """What became of the records of a lab, from the newest down or from `before`."""
    return page(lab.ledger, wanted, before, most)


def page(ledger: "Ledger", wanted: Wanted, before: Place | None = None, most: int = ROWS) -> Page:
    lots, looking = ledger.fates.lots, _Looking(ledger, wanted)
    rows: list[Row] = []
    if most == 0:
        return Page((), before, lots.records, lots.forgotten)
    looked_at = 0
    more = None
    for lot in lots.newest_first():
        if (before is not None and lot.number > before.lot) or not looking.may_have(lot):
            continue
        if looked_at >= MOST_LOOKED_AT:
            more = Place(lot.number, lot.count)
            break
        records = lot.records()
        for index in reversed(range(lot.count)):
            if before is not None and (lot.number, index) >= (before.lot, before.index):
                continue
            looked_at += 1
            record = records[index] if index < len(records) else None
            if wanted.key and (record is None or text(record.key) != wanted.key):
                continue
            row = looking.row(lot, index, record)
            if wanted.fate in row.fates:
                rows.append(row)
            if len(rows) == most:
                return Page(tuple(rows), Place(lot.number, index), lots.records, lots.forgotten)
    return Page(tuple(rows), more, lots.records, lots.forgotten)


class _Looking:
    """One look at the ledger: nothing changes while it lasts, so each partition is asked once."""

    def __init__(self, ledger: "Ledger", wanted: Wanted) -> None:
        self.fates = ledger.fates
        self.visible_end = ledger.visible_end
        self.wanted = wanted
        self._held: dict[Key, tuple[list[Held], list[Held]]] = {}
        self._kept: dict[tuple[Key, int], frozenset[int] | None] = {}

    def may_have(self, lot: Lot) -> bool:
        """Whether a record of it can be among those wanted; each one is looked at then."""
        if self.wanted.topic and lot.topic != self.wanted.topic:
            return False
        match self.wanted.fate:
            case "sent":
                return lot.attempts > 0
            case "lost_before_ack":
                return lot.orphaned
            case "failed":
                return lot.failed
            case "acked":
                return lot.acked
            case "lost_after_ack":
                return lot.acked and bool(self.fates.promises.lost(lot.key))
            case "aborted":
                return lot.outcome == "abort"
            case "visible" | "delivered" | "committed" | "passed_over" | "duplicated":
                return bool(lot.copies)
        return True

    def held(self, key: Key) -> tuple[list[Held], list[Held]]:
        found = self._held.get(key)
        if found is None:
            holders = self.fates.holders
            found = self._held[key] = (holders.of(key), holders.may_lead(key))
        return found

    def row(self, lot: Lot, index: int, record: Record | None) -> Row:
        every, able = self.held(lot.key)
        promised = lot.promised
        offset = promised.base_offset + index if promised is not None else None
        dropped = self._dropped(lot, promised, index)
        copies = (
            ()
            if lot.topic_deleted
            else tuple(
                copy.base_offset + index
                for copy in lot.copies
                if any(held.holds(copy.epoch, copy.base_offset + index) for held in able)
            )
        )
        holding: tuple[int, ...] = ()
        may_lead: tuple[int, ...] = ()
        if promised is not None and offset is not None and not dropped:
            holding = tuple(held.broker for held in every if held.holds(promised.epoch, offset))
            may_lead = tuple(held.broker for held in able if held.holds(promised.epoch, offset))
        transaction = (lot.outcome or "open") if lot.transactional and lot.copies else ""
        # At the offset of a record that is gone otherwise than by a policy stands another one by now.
        read_at = (offset,) if dropped and offset is not None else copies
        readers = self._readers(lot, index, read_at)
        done = self.fates.readers.done_with(lot.key, offset) if offset is not None and may_lead else []
        seen = {
            "sent": lot.attempts > 0,
            "waiting": lot.attempts > 0 and not lot.acked and not lot.failed and not lot.orphaned and lot.acks != 0,
            "acked": lot.acked,
            "unconfirmed": lot.acks == 0,
            "visible": any(at < self.visible_end.get(lot.key, 0) for at in copies),
            "delivered": bool(readers),
            "committed": bool(done),
            "passed_over": bool(offset is not None and self.fates.passed_over.by(lot.key, offset)),
            "duplicated": len(copies) > 1 or any(reader.times > 1 for reader in readers),
            "failed": lot.failed,
            "lost_before_ack": is_lost(lot),
            "lost_after_ack": lot.acked and promised is not None and not dropped and not may_lead,
            "aborted": lot.outcome == "abort",
            "dropped": bool(dropped),
        }
        return Row(
            place=Place(lot.number, index),
            fates=tuple(fate for fate, is_so in seen.items() if is_so),
            topic=lot.topic,
            partition=lot.partition,
            offset=offset,
            copies=copies,
            key=text(record.key) if record is not None else None,
            value=text(record.value) if record is not None else None,
            known=record is not None,
            sender=lot.sender,
            sent_us=lot.sent_us,
            attempts=lot.attempts,
            acks=lot.acks,
            error=lot.error,
            acked_us=lot.acked_us,
            replicas=holding,
            may_lead=may_lead,
            transaction=transaction,
            readers=readers,
            committed_by=tuple(done),
            dropped=dropped,
        )

    def _readers(self, lot: Lot, index: int, offsets: tuple[int, ...]) -> tuple[Reader, ...]:
        aborted = lot.outcome == "abort"
        given = [each for offset in offsets for each in self.fates.readers.given(lot.key, offset, aborted)]
        if lot.topic_deleted:
            given = []
        given += [(each.reader, each.client) for each in lot.given if each.first <= index <= each.last]
        times = Counter(reader for reader, _ in given)
        return tuple(
            Reader(name, number, tuple(dict.fromkeys(client for reader, client in given if reader == name)))
            for name, number in times.items()
        )

    def _dropped(self, lot: Lot, promised: Copy | None, index: int) -> str:
        """Why it was taken; empty where nobody took it."""
        if promised is None:
            return ""
        if lot.topic_deleted:
            return "its topic was deleted"
        offset = promised.base_offset + index
        if self.fates.promises.is_lost(lot.key, promised.epoch, offset):
            return ""
        if offset < self.fates.promises.log_start(lot.key):
            return self.fates.promises.why_dropped(lot.key, offset)
        if offset < self.fates.compacted_below.get(lot.key, 0):
            kept = self._kept_in_log(lot, promised)
            if kept is not None and offset not in kept:
                return "compaction: a later record has its key"
        return ""

    def _kept_in_log(self, lot: Lot, copy: Copy) -> frozenset[int] | None:
        """Offsets of the lot that the leader still has; None where it cannot be asked."""
        place = (lot.key, copy.base_offset)
        if place not in self._kept:
            leader = self.fates.holders.leader(lot.key)
            self._kept[place] = None
            if leader is not None and leader.log.epochs.epoch_at(copy.base_offset) == copy.epoch:
                stored = leader.log.headers(copy.base_offset, copy.base_offset + lot.count)
                kept: list[int] = []
                for each in stored:
                    data = leader.log.read(each.batch.base_offset, each.batch.size, each.batch.next_offset)
                    kept += _offsets(data)
                self._kept[place] = frozenset(kept)
        return self._kept[place]


def _offsets(data: bytes) -> list[int]:
    try:
        return [record.offset for batch in batches.headers(data) for record in batches.records(batch)]
    except CorruptBatch:
        return []
