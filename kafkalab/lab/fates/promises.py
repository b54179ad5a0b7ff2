"""What was promised: every acked offset with the leader epoch it has, and which promises are broken.

A record is lost after ack while it was acknowledged and lies in no replica that can become the
leader, unless retention, DeleteRecords or the deletion of its topic took it. That can turn: a broker
that comes back while it may still lead brings its records back, and so may an unclean election.
"""

from dataclasses import dataclass, field

from kafkalab.engine.controller.metadata import PartitionImage
from kafkalab.lab.fates.holders import Holders, Key
from kafkalab.lab.fates.spans import Range, Spans

MOST_REASONS = 20

Lost = tuple[tuple[int, Range], ...]
"""(leader epoch, offsets) of what is gone."""


@dataclass
class Promises:
    holders: Holders
    dropped: int = 0
    """Acked records that retention, DeleteRecords or the deletion of a topic took."""
    _acked: dict[Key, dict[int, Spans]] = field(default_factory=dict)
    _log_start: dict[Key, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Where a log has begun since when, and why; the newest last."""
    _judged: dict[Key, PartitionImage | None] = field(default_factory=dict)
    """The partition as it was when it was looked at. Out go those that something happened to since."""
    _lost: dict[Key, Lost] = field(default_factory=dict)
    """What was lost then."""

    def go_on_from(self, other: "Promises") -> None:
        self.dropped = other.dropped
        self._acked = {
            key: {epoch: spans.copy() for epoch, spans in by_epoch.items()} for key, by_epoch in other._acked.items()
        }
        self._log_start = dict(other._log_start)
        self._judged, self._lost = {}, dict(other._lost)

    def ack(self, key: Key, epoch: int, first_offset: int, count: int, node: str) -> None:
        """`node` has said so, which holds it under that epoch."""
        by_epoch = self._acked.setdefault(key, {})
        spans = by_epoch.get(epoch)
        if spans is None:
            spans = by_epoch[epoch] = Spans()
        spans.add(first_offset, first_offset + count)
        judged = self._judged.get(key)
        if judged is None:
            return
        replica = self.holders.replica(node, key)
        image = self.holders.image(key)
        leads = replica is not None and image is not None and image.leader == replica.broker.broker_id
        if not leads or image is not judged:
            # Who is not the leader any more may promise what is lost already.
            del self._judged[key]

    def touched(self, key: Key | None = None) -> None:
        """Something happened to a partition, or to many: whoever asks next must look again."""
        if key is None:
            self._judged = {}
        else:
            self._judged.pop(key, None)

    def log_starts_at(self, key: Key, offset: int, reason: str) -> None:
        """What is before it was taken, as it may be."""
        if offset <= self.log_start(key):
            return
        self._log_start[key] = (*self._log_start.get(key, ())[-MOST_REASONS:], (offset, reason))
        for epoch, spans in self._acked.get(key, {}).items():
            # What was lost before stays lost: nobody dropped it.
            lost = [span for of, span in self._lost.get(key, ()) if of == epoch]
            self.dropped += Spans(spans.outside(lost)).cut_below(offset)
            kept = Spans(spans.outside([(0, offset)]))
            for start, end in lost:
                kept.add(start, end)
            self._acked[key][epoch] = kept
        self.touched(key)

    def log_start(self, key: Key) -> int:
        known = self._log_start.get(key)
        return known[-1][0] if known else 0

    def why_dropped(self, key: Key, offset: int) -> str:
        return next((reason for start, reason in self._log_start.get(key, ()) if offset < start), "")

    def topic_deleted(self, topic: str) -> None:
        for key in [key for key in self._acked if key[0] == topic]:
            self.dropped += sum(end - start for spans in self._acked[key].values() for start, end in spans.ranges)
            self.dropped -= sum(end - start for _, (start, end) in self._lost.pop(key, ()))
            del self._acked[key]
        for key in [key for key in self._log_start if key[0] == topic]:
            del self._log_start[key]
        self._judged = {key: judged for key, judged in self._judged.items() if key[0] != topic}

    @property
    def lost_count(self) -> int:
        return sum(end - start for key in self._acked for _, (start, end) in self.lost(key))

    def lost(self, key: Key) -> Lost:
        """Of one partition, now."""
        image = self.holders.image(key)
        judged = self._judged.get(key)
        if judged is not None and judged is image:
            return self._lost[key]
        able = self.holders.may_lead(key)
        self.log_starts_at(key, min((held.start for held in able), default=0), "it lies before the start of the log")
        lost = tuple(
            (epoch, gone)
            for epoch, spans in self._acked.get(key, {}).items()
            for gone in spans.outside([held.part_of(epoch) for held in able])
        )
        self._judged[key] = image
        self._lost[key] = lost
        return lost

    def is_lost(self, key: Key, epoch: int, offset: int) -> bool:
        return any(of == epoch and start <= offset < end for of, (start, end) in self.lost(key))
