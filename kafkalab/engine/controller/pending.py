"""Decisions that are written and replayed, but not committed: who asked hears of them when they are.

A question that wrote nothing may have seen what is not committed either, so it waits for the last decision
before it (org.apache.kafka.deferred.DeferredEventQueue). Without a quorum all of them fail.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from kafkalab.engine.events import Event
from kafkalab.engine.node import Request


@dataclass(frozen=True, slots=True)
class Pending:
    end_offset: int
    """It holds once everything before is committed."""
    request: Request | None
    body: Any
    facts: tuple[Event, ...]


class PendingDecisions:
    def __init__(self) -> None:
        self.line: deque[Pending] = deque()

    def add(self, pending: Pending) -> None:
        self.line.append(pending)

    def take_committed(self, high_watermark: int) -> list[Pending]:
        taken = []
        while self.line and self.line[0].end_offset <= high_watermark:
            taken.append(self.line.popleft())
        return taken

    def forget(self, source: str) -> None:
        """Its connection is gone: whoever answers to that name later has not asked."""
        self.line = deque(
            replace(each, request=None) if each.request is not None and each.request.source == source else each
            for each in self.line
        )

    def take_all(self) -> list[Pending]:
        taken = list(self.line)
        self.line.clear()
        return taken
