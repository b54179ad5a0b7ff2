"""The workload by which the speed is measured is the same, whether records travel in batches or alone."""

import pytest

from kafkalab.engine.events import RecordAcked, RecordsAppended, RecordsDelivered
from kafkalab.engine.simulation.steady import DEFAULT_LINGER_MS, LINGER_MS, RATE_PER_S, Steady

SECONDS = 20


@pytest.mark.parametrize(("linger_ms", "most_a_batch"), [(LINGER_MS, 11), (DEFAULT_LINGER_MS, 1)])
def test_twenty_records_a_second_are_acked_and_read(linger_ms: int, most_a_batch: int) -> None:
    steady = Steady(linger_ms=linger_ms)
    acked, delivered, batches = [], [], []

    def hear(_now_us: int, _node: str, event: object) -> None:
        match event:
            case RecordAcked():
                acked.append(event)
            case RecordsDelivered():
                delivered.append(event.count)
            case RecordsAppended(topic="orders", first_offset=first, last_offset=last):
                batches.append(last - first + 1)

    steady.world.on_event.append(hear)
    steady.advance(SECONDS)
    expected = RATE_PER_S * SECONDS
    # What is in the making when the time begins or ends belongs to another time.
    assert abs(len(acked) - expected) <= most_a_batch
    assert abs(sum(delivered) - expected) <= most_a_batch
    assert max(batches) == most_a_batch
