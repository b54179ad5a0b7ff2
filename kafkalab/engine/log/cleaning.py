"""One run of compaction over a log: cleaned segments take the places of those they were made from."""

from typing import TYPE_CHECKING

from kafkalab.engine.log import swap
from kafkalab.engine.log.compaction import Cleanable, Compacted, Compaction, groups
from kafkalab.engine.log.segment import Segment

if TYPE_CHECKING:
    from kafkalab.engine.log.log import Log


def compact(log: "Log", part: Cleanable, now_ms: int) -> Compacted:
    """Keep of each key the last record. Raises CorruptBatch, with nothing done, on damaged segments."""
    old = [segment for segment in log.segments if segment.base_offset < part.first_uncleanable]
    lasts = {producer_id: producer.last_offset for producer_id, producer in log.producers.by_id.items()}
    first = log.segments[0].base_offset
    run = Compaction(
        log.disk,
        old,
        part.first_dirty,
        log.config,
        now_ms,
        lasts,
        log.aborted_between(first, part.first_uncleanable),
    )
    size_before = sum(segment.size for segment in old)
    for group in groups(old, log.config):
        new = Segment(log.disk, log.directory, group[0].base_offset, log.config, group[-1].created_ms)
        swap.write_beside(log.disk, new, (kept for each in group for kept in run.cleaned(each)), log.config)
        for each in group:
            for aborted in each.transactions.entries:
                # Without its marker nobody would be told where what is left out ends.
                if aborted.last_offset in run.markers:
                    new.transactions.add(aborted)
        log.doom(swap.swap_in(log.disk, new, group), now_ms)
        at = log.segments.index(group[0])
        log.segments[at : at + len(group)] = [new]
        # A cleaned segment may end before the next one begins: nothing is there to read.
        log.tail.forget_before(part.first_uncleanable)
    cleaned_offset = max(part.first_dirty, part.first_uncleanable)
    size_after = sum(each.size for each in log.segments if each.base_offset < part.first_uncleanable)
    return Compacted(part.first_dirty, cleaned_offset, size_before, size_after, run.removed)
