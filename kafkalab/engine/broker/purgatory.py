"""Requests that cannot be answered yet wait here, each as a small object, never as a parked task.

A wait names the partitions that can complete it. When something about a partition changes (its log
grew, its high watermark moved, its leader changed) the broker touches it, and after the message at
hand is handled the waits on touched partitions are asked whether they are done. Deadlines are kept
in a heap with one `Wake` for the earliest (kafka.server.DelayedOperationPurgatory).
"""

from collections import defaultdict
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Protocol

from kafkalab.wire.frozen import dataclass

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey


class Wait(Protocol):
    """What waits. Whoever completes or expires it has given its answer."""

    @property
    def source(self) -> str | None:
        """The node that is waiting, for which this is forgotten when its connection goes."""

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        """Something about this partition changed: True if the wait is over."""

    def expire(self, broker: "Broker") -> None: ...


@dataclass(frozen=True, slots=True)
class DeadlinesDue:
    at_us: int

    def fire(self, broker: "Broker") -> None:
        broker.purgatory.expire_due(self.at_us)


class Purgatory:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.touched: dict[PartitionKey, None] = {}
        self.being_checked: dict[PartitionKey, None] = {}
        """Was touched, and the waits on it are being asked just now."""
        self.waits: dict[int, Wait] = {}
        self._keys: dict[int, tuple[PartitionKey, ...]] = {}
        self._watching: defaultdict[PartitionKey, dict[int, Wait]] = defaultdict(dict)
        """Empty where nobody waits just now, because mostly somebody soon will again."""
        self._deadlines: list[tuple[int, int]] = []
        """(at_us, number), those of waits that are over among them until they come up."""
        self._armed_us: int | None = None
        self._last_number = 0

    def watch(self, wait: Wait, keys: tuple["PartitionKey", ...], timeout_ms: int) -> None:
        self._last_number = number = self._last_number + 1
        self.waits[number] = wait
        self._keys[number] = keys
        for key in keys:
            self._watching[key][number] = wait
        due_us = self.broker.now_us + timeout_ms * 1000
        heappush(self._deadlines, (due_us, number))
        if self._armed_us is None or due_us < self._armed_us:
            self._arm(due_us)

    def touch(self, key: "PartitionKey") -> None:
        if self._watching.get(key):
            self.touched[key] = None

    def check_touched(self) -> None:
        while self.touched:
            self.being_checked, self.touched = self.touched, {}
            for key in self.being_checked:
                for number, wait in list(self._watching[key].items()):
                    if number in self.waits and wait.check(self.broker, key):
                        self._remove(number)
            self.being_checked = {}

    def expire_due(self, armed_us: int) -> None:
        if armed_us != self._armed_us:
            return
        self._armed_us = None
        now_us = self.broker.now_us
        while self._deadlines and (self._deadlines[0][0] <= now_us or self._deadlines[0][1] not in self.waits):
            _, number = heappop(self._deadlines)
            wait = self.waits.get(number)
            if wait is not None:
                self._remove(number)
                wait.expire(self.broker)
        if self._deadlines and self._armed_us is None:
            self._arm(self._deadlines[0][0])

    def forget(self, source: str) -> None:
        """The connections with `source` are gone: nobody is left to answer."""
        for number in [number for number, wait in self.waits.items() if wait.source == source]:
            self._remove(number)

    def watched(self) -> list[tuple[Wait, tuple["PartitionKey", ...]]]:
        """Each wait with the partitions that may end it."""
        return [(wait, self._keys[number]) for number, wait in self.waits.items()]

    def _remove(self, number: int) -> None:
        del self.waits[number]
        for key in self._keys.pop(number):
            del self._watching[key][number]
        if len(self._deadlines) > 64 + 4 * len(self.waits):
            self._deadlines = [deadline for deadline in self._deadlines if deadline[1] in self.waits]
            heapify(self._deadlines)

    def _arm(self, due_us: int) -> None:
        self._armed_us = due_us
        self.broker.wake_in(due_us - self.broker.now_us, DeadlinesDue(due_us))
