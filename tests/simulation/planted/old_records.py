"""Rules of compaction and retention, wilfully broken."""

from dataclasses import replace
from typing import Any

from kafkalab.engine.faulty_disk import FaultyDisk
from kafkalab.engine.log import log as log_module
from kafkalab.engine.log.compaction import Compaction
from kafkalab.engine.log.log import Log
from kafkalab.engine.log.retention import deletable
from tests.simulation.planted.patch import Patch


def compaction_drops_the_newest_value(patch: Patch) -> None:
    """The first record of a key is taken for its last."""

    def keeps_the_oldest(run: Compaction, record: Any, batch: Any) -> bool:
        if record.key is None or record.offset > run.latest_offset:
            return record.key is not None
        return record.offset < run.latest.get(record.key, record.offset + 1)

    patch(Compaction, "keeps", keeps_the_oldest)


def tombstones_go_in_one_pass(patch: Patch) -> None:
    """A reader who was away never hears that the key is deleted."""
    keeps = Compaction.keeps
    patch(Compaction, "keeps", lambda run, record, batch: record.value is not None and keeps(run, record, batch))


def tombstones_go_whatever_their_horizon(patch: Patch) -> None:
    """The second run drops a tombstone, however soon it comes."""
    keeps = Compaction.keeps

    def keeps_no_second_time(run: Compaction, record: Any, batch: Any) -> bool:
        stamped = batch.delete_horizon_ms is not None
        return keeps(run, record, batch) and (record.value is not None or not stamped)

    patch(Compaction, "keeps", keeps_no_second_time)


def compaction_takes_what_is_not_committed(patch: Patch) -> None:
    """The high watermark is no bound for it."""
    bounded = Log.cleanable
    patch(Log, "cleanable", lambda log, now_ms, stable_offset: bounded(log, now_ms, log.end_offset))


def compaction_moves_records_together(patch: Patch) -> None:
    """What stays gets the offsets that have become free."""
    cleaned = Compaction._cleaned

    def moved(run: Compaction, batch: Any) -> Any:
        kept = cleaned(run, batch)
        if kept is None or not run.removed or batch.base_offset == 0:
            return kept
        return (batch.base_offset - 1).to_bytes(8, "big") + bytes(kept)[8:]

    patch(Compaction, "_cleaned", moved)


def compaction_leaves_no_empty_batch(patch: Patch) -> None:
    """A producer's last sequence number goes with its last record."""
    patch(Compaction, "_stays_when_empty", lambda run, batch: False)


def retention_goes_above_the_high_watermark(patch: Patch) -> None:
    """Old is old, committed or not."""
    patch(
        log_module,
        "deletable",
        lambda segments, config, now_ms, start, _high_watermark: deletable(segments, config, now_ms, start, 1 << 62),
    )


def retention_takes_half_a_segment(patch: Patch) -> None:
    """The log begins in the middle of what is left."""
    retain = Log.apply_retention

    def retain_too_much(log: Log, now_ms: int, high_watermark: int) -> Any:
        deleted = retain(log, now_ms, high_watermark)
        if deleted and log.start_offset < log.end_offset:
            log.segments = log.segments[1:] or log.segments
        return deleted

    patch(Log, "apply_retention", retain_too_much)


def retention_deletes_what_only_compacts(patch: Patch) -> None:
    """cleanup.policy=compact does not keep segments from going by age."""

    def deletes_all(segments: Any, config: Any, now_ms: int, start: int, high_watermark: int) -> Any:
        short = replace(config, cleanup_policy=("delete",), retention_ms=min(config.retention_ms, 5000))
        return deletable(segments, short if config.is_compacted else config, now_ms, start, high_watermark)

    patch(log_module, "deletable", deletes_all)


def nothing_reaches_the_platter(patch: Patch) -> None:
    """A cleaned or a rolled segment is not flushed, so a loss of power takes it."""
    patch(FaultyDisk, "flush", lambda disk, path: None)
