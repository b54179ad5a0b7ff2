"""Committed offsets go back for one reason alone."""

import pytest

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.simulation.offsets_referee import OffsetsReferee
from kafkalab.engine.simulation.sight import Broken

PLACE = ("billing", "orders", 0)


def reader() -> Consumer:
    return Consumer("reader", (), ConsumerSettings(topics=("orders",), group="billing"))


def test_an_offset_that_goes_back_is_a_broken_rule() -> None:
    referee = OffsetsReferee()
    referee.hear(PLACE, 50, forgotten=False)
    with pytest.raises(Broken, match="committed 48 of orders-0 after 50"):
        referee.hear(PLACE, 48, forgotten=False)


def test_a_reader_that_was_told_it_is_out_of_range_takes_its_group_back() -> None:
    referee = OffsetsReferee()
    referee.hear(PLACE, 50, forgotten=False)
    referee.sent_back["reader", "orders", 0] = None
    referee.reset(reader(), "reader", "orders", 0, 2)
    referee.hear(PLACE, 27, forgotten=False)
    assert (referee.committed, referee.sent_back) == ({PLACE: 27}, {})


def test_a_reader_that_begins_elsewhere_of_its_own_does_not() -> None:
    """As one would whose committed offset was lost."""
    referee = OffsetsReferee()
    referee.hear(PLACE, 50, forgotten=False)
    referee.reset(reader(), "reader", "orders", 0, 2)
    with pytest.raises(Broken):
        referee.hear(PLACE, 27, forgotten=False)
