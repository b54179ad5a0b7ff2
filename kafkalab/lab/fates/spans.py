"""Offsets as ranges: a million records that came one after the other are one pair of numbers."""

from bisect import bisect_left, bisect_right

Range = tuple[int, int]
"""(the first offset, the one behind the last)"""


class Spans:
    """Ranges in order that neither overlap nor touch."""

    __slots__ = ("ranges",)

    def __init__(self, ranges: list[Range] | None = None) -> None:
        self.ranges: list[Range] = ranges or []

    def copy(self) -> "Spans":
        return Spans(list(self.ranges))

    def add(self, start: int, end: int) -> int:
        """How many of them are new."""
        ranges = self.ranges
        if not ranges or start > ranges[-1][1]:
            ranges.append((start, end))
            return end - start
        first = bisect_left(ranges, start, key=_end)
        last = bisect_right(ranges, end, key=_start)
        touched = ranges[first:last]
        before = sum(stop - begin for begin, stop in touched)
        if touched:
            start, end = min(start, touched[0][0]), max(end, touched[-1][1])
        ranges[first:last] = [(start, end)]
        return end - start - before

    def cut_below(self, offset: int) -> int:
        """Forget what lies before an offset. How many that were."""
        gone = 0
        kept: list[Range] = []
        for start, end in self.ranges:
            gone += max(0, min(end, offset) - start)
            if end > offset:
                kept.append((max(start, offset), end))
        self.ranges = kept
        return gone

    def outside(self, covers: list[Range]) -> list[Range]:
        """What none of the covers covers."""
        left = self.ranges
        for begin, stop in covers:
            rest: list[Range] = []
            for start, end in left:
                if stop <= start or begin >= end:
                    rest.append((start, end))
                    continue
                if start < begin:
                    rest.append((start, begin))
                if stop < end:
                    rest.append((stop, end))
            left = rest
        return left


def _start(one: Range) -> int:
    return one[0]


def _end(one: Range) -> int:
    return one[1]
