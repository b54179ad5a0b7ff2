"""Records lost before ack: their producer's application ended before they were acked, and no log has them.

`send()` had returned for each of them. What was on its way may yet arrive, so it is looked at again each time.
"""

from kafkalab.engine.clients.accumulator import Outgoing
from kafkalab.engine.clients.producer import Producer
from kafkalab.lab.fates.lots import Lot, Lots

NEVER_SENT = "its producer was killed before it was sent"
KILLED = "its producer was killed before it heard an answer"


class Orphans:
    def __init__(self, lots: Lots) -> None:
        self._lots = lots
        self._unsent = 0
        self._sent: dict[int, None] = {}
        """Lots that were sent, and whose answer nobody waits for any more."""
        self._forgotten = 0
        """Records of such lots that were lost when they were forgotten."""

    def go_on_from(self, other: "Orphans") -> None:
        self._unsent, self._forgotten = other._unsent, other._forgotten
        self._sent = dict(other._sent)

    @property
    def count(self) -> int:
        lots = [self._lots.get(number) for number in self._sent]
        return self._unsent + self._forgotten + sum(lot.count for lot in lots if lot is not None and is_lost(lot))

    def killed(self, now_us: int, producer: Producer) -> None:
        """With what it held. Who is closed in good order holds nothing."""
        for unplaced in producer.unplaced:
            self._never_sent(now_us, producer, (unplaced.topic, unplaced.partition or 0), [unplaced.record])
        for batch in producer.sender.outstanding():
            lot = self._lots.by_serial(producer.name, batch.records[0].serial)
            if lot is None:
                self._never_sent(now_us, producer, batch.where, batch.records)
            else:
                self._lots.change(lot.number, orphaned=True, error=KILLED)
                self._sent[lot.number] = None

    def on_forgotten(self, lot: Lot) -> None:
        if lot.number in self._sent:
            del self._sent[lot.number]
            self._forgotten += lot.count if is_lost(lot) else 0

    def _never_sent(self, now_us: int, producer: Producer, key: tuple[str, int], records: list[Outgoing]) -> None:
        self._unsent += len(records)
        self._lots.add(
            source=producer.name,
            sender=producer.name,
            topic=key[0],
            partition=key[1],
            count=len(records),
            acks=producer.settings.acks,
            sent_us=now_us,
            attempts=0,
            error=NEVER_SENT,
            orphaned=True,
        )


def is_lost(lot: Lot) -> bool:
    return lot.orphaned and not lot.acked and not lot.copies
