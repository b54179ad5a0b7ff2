"""What one `poll` returns of the records that have been fetched, and the records that make it throw.

An application that cannot parse a record gets an exception instead of it, now and at each further try, until somebody
moves its position beyond. Nothing of its other partitions comes meanwhile: the client stays at the fetch that it is
at (org.apache.kafka.clients.consumer.internals.FetchCollector.collectFetch, RecordDeserializationException).
"""

from typing import TYPE_CHECKING

from kafkalab.engine.clients.fetching import Reading
from kafkalab.engine.events import RecordUnreadable
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.engine.clients.consumer import Consumer


class Unreadable(Exception):
    """The next record of a partition cannot be parsed."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading.where)
        self.reading = reading


TRY_AGAIN_US = 1_000_000
"""How long an application waits that met a record it cannot parse."""


class Taking:
    def __init__(self, consumer: "Consumer") -> None:
        self.consumer = consumer
        self._turn = 0
        self._stuck: Reading | None = None
        """At whose next record `poll` threw."""
        self.stuck_at: tuple[str, int, int] | None = None
        """That record."""

    def take(self, most: int) -> list[tuple[Reading, Record]]:
        """Nothing also where `poll` throws: the application writes that down, and polls again in a while."""
        try:
            taken = self._take(most)
        except Unreadable as unreadable:
            self._threw(unreadable.reading)
            return []
        self.stuck_at = None
        return taken

    def _threw(self, reading: Reading) -> None:
        consumer = self.consumer
        at = (reading.topic, reading.partition, reading.buffered[0].offset)
        consumer.last_error = f"{at[0]}-{at[1]}: the record at offset {at[2]} cannot be parsed"
        if self.stuck_at != at:
            self.stuck_at = at
            consumer.tell(RecordUnreadable(consumer.name, *at))
        consumer.wake_at(consumer.now_us + TRY_AGAIN_US)

    def _take(self, most: int) -> list[tuple[Reading, Record]]:
        """Partition by partition, each time beginning with another one. Raises Unreadable."""
        if self._stuck is not None and self._is_unreadable(self._stuck):
            raise Unreadable(self._stuck)
        self._stuck = None
        taken: list[tuple[Reading, Record]] = []
        readings = self.consumer.fetching.readings
        full = [reading for reading in readings.values() if reading.buffered and not reading.held_back]
        if not full:
            return taken
        self._turn += 1
        first = self._turn % len(full)
        for reading in full[first:] + full[:first]:
            while reading.buffered and len(taken) < most:
                if self._is_unreadable(reading):
                    self._stuck = reading
                    if not taken:
                        raise Unreadable(reading)
                    return taken
                taken.append((reading, reading.buffered.popleft()))
        return taken

    def _is_unreadable(self, reading: Reading) -> bool:
        """Its next record, if the consumer still reads that partition."""
        beginning = self.consumer.settings.unreadable
        if not beginning or not reading.buffered:
            return False
        if self.consumer.fetching.readings.get(reading.where) is not reading:
            return False
        return (reading.buffered[0].value or b"").startswith(beginning.encode())
