"""The ledger beside the referee of the simulation, over histories full of faults."""

import pytest

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.events import Event, RecordsDelivered
from kafkalab.engine.simulation.final_count import final_count
from kafkalab.engine.simulation.history import History
from kafkalab.lab.fates.rows import Wanted, page
from kafkalab.lab.ledger import Ledger


def listened_to(history: History) -> Ledger:
    ledger = Ledger(history.cluster)

    def hear(now_us: int, node: str, event: Event) -> None:
        ledger.on_event(now_us, node, event)
        if isinstance(event, RecordsDelivered):
            consumer = history.world.nodes.get(event.client)
            assert isinstance(consumer, Consumer)
            committed_only = consumer.settings.isolation_level == 1
            ledger.on_delivered(consumer.settings.group or event.client, event, committed_only)

    history.world.on_event.append(hear)
    history.world.on_message.append(ledger.on_message)
    return ledger


def number_of_rows(ledger: Ledger, fate: str) -> int:
    number, before = 0, None
    while True:
        part = page(ledger, Wanted(fate), before)
        number, before = number + len(part.rows), part.more
        if before is None:
            return number


@pytest.mark.parametrize(("seed", "lost"), [(7, 13), (22, 5)])
def test_what_the_ledger_has_acked_and_lost_is_what_the_referee_counts(seed: int, lost: int) -> None:
    history = History(seed)
    ledger = listened_to(history)
    history.play()
    counted = final_count(history)
    assert counted.acks_1 + counted.unclean == lost
    assert ledger.totals.lost_after_ack == number_of_rows(ledger, "lost_after_ack") == lost
    known = {
        (lot.source, serial): (lot.topic, lot.partition, lot.acked_at + index)
        for lot in ledger.fates.lots.newest_first()
        if lot.acked
        for index, serial in enumerate(lot.serials)
    }
    told = history.referee.acked.items()
    assert known == {name: (topic, partition, offset) for name, (topic, _, partition, offset) in told}
    assert ledger.totals.acked == number_of_rows(ledger, "acked") == len(known)
    assert ledger.totals.dropped == number_of_rows(ledger, "dropped")
