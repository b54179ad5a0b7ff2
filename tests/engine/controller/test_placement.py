"""Where replicas go."""

from collections import Counter
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkalab.engine.controller.metadata import BrokerImage
from kafkalab.engine.controller.placement import place
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


class FirstOf(Random):
    """Dice that always show the first side."""

    def randrange(self, *_: int) -> int:  # type: ignore[override]
        return 0


def broker(broker_id: int, rack: str | None = None, fenced: bool = False, leaving: bool = False) -> BrokerImage:
    return BrokerImage(broker_id, 0, UUID(int=broker_id), "host", 9092, rack, fenced, leaving)


def test_without_racks_the_brokers_are_a_window_that_moves_on() -> None:
    assert place([broker(1), broker(2), broker(3)], 3, 2, FirstOf()) == [(1, 2), (2, 3), (3, 1)]


def test_the_window_starts_where_the_dice_say() -> None:
    starts = {place([broker(1), broker(2), broker(3)], 1, 3, Random(seed))[0] for seed in range(20)}
    assert starts == {(1, 2, 3), (2, 3, 1), (3, 1, 2)}


def test_replicas_spread_over_the_racks_first() -> None:
    brokers = [broker(1, "a"), broker(2, "a"), broker(3, "b"), broker(4, "c")]
    assert place(brokers, 3, 3, FirstOf()) == [(1, 3, 4), (3, 4, 2), (4, 1, 3)]


def test_a_rack_gives_its_unfenced_brokers_before_its_fenced_ones() -> None:
    brokers = [broker(1, "a"), broker(2, "a", fenced=True), broker(3, "b")]
    assert place(brokers, 1, 3, FirstOf()) == [(1, 3, 2)]


def test_a_fenced_broker_never_leads() -> None:
    brokers = [broker(1, fenced=True), broker(2), broker(3, fenced=True)]
    assert [replicas[0] for replicas in place(brokers, 4, 3, Random(1))] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("brokers", "replicas", "reason"),
    [
        ([broker(1)], 0, "Invalid replication factor 0: the replication factor must be positive."),
        (
            [broker(1), broker(2, leaving=True)],
            2,
            "The target replication factor of 2 cannot be reached because only 1 broker(s) are registered or "
            "some brokers have all their log directories cordoned.",
        ),
        ([broker(1, fenced=True)], 1, "All brokers are currently fenced."),
    ],
)
def test_what_cannot_be_placed_is_refused(brokers: list[BrokerImage], replicas: int, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        place(brokers, 1, replicas, Random(0))
    assert (refused.value.error_code, refused.value.message) == (ErrorCode.invalid_replication_factor, reason)


@given(
    racks=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=7),
    partitions=st.integers(1, 40),
    factor=st.integers(1, 7),
    seed=st.integers(0, 1000),
)
def test_replicas_are_distinct_and_leaders_are_spread(
    racks: list[str | None], partitions: int, factor: int, seed: int
) -> None:
    brokers = [broker(index, rack) for index, rack in enumerate(racks)]
    factor = min(factor, len(brokers))
    placed = place(brokers, partitions, factor, Random(seed))
    assert [len(set(replicas)) for replicas in placed] == [factor] * partitions
    for replicas in placed:
        spread = Counter(racks[broker_id] for broker_id in replicas)
        # A rack gives a second replica only when no other rack has a broker left to give a first.
        if max(spread.values()) > 1:
            assert len(spread) == len(set(racks))


def test_without_racks_every_broker_leads_equally_often() -> None:
    placed = place([broker(index) for index in range(4)], 40, 2, Random(3))
    assert Counter(replicas[0] for replicas in placed) == {0: 10, 1: 10, 2: 10, 3: 10}
