"""The most specific quota counts, in Kafka's order."""

import pytest

from kafkalab.engine.quotas.limits import (
    IP,
    PRODUCER_BYTE_RATE,
    Entity,
    connection_rate,
    limit,
    of_both,
    of_client,
    of_user,
)

IN_ORDER: tuple[tuple[Entity, tuple[str, str]], ...] = (
    (of_both("ann", "app"), ("ann", "app")),
    (of_both("ann", None), ("ann", "app")),
    (of_user("ann"), ("ann", "")),
    (of_both(None, "app"), ("ann", "app")),
    (of_both(None, None), ("ann", "app")),
    (of_user(None), ("ann", "")),
    (of_client("app"), ("", "app")),
    (of_client(None), ("", "app")),
)
"""Each with whose use it counts together."""


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_the_most_specific_one_that_is_set_counts(first: int) -> None:
    quotas = {entity: {PRODUCER_BYTE_RATE: float(number)} for number, (entity, _) in enumerate(IN_ORDER)}
    left = dict(list(quotas.items())[first:])
    assert limit(left, PRODUCER_BYTE_RATE, "ann", "app") == (float(first), IN_ORDER[first][1])


def test_a_level_that_says_nothing_of_this_quota_does_not_count() -> None:
    quotas = {of_user("ann"): {"request_percentage": 1.0}, of_client("app"): {PRODUCER_BYTE_RATE: 5.0}}
    assert limit(quotas, PRODUCER_BYTE_RATE, "ann", "app") == (5.0, ("", "app"))


def test_somebody_elses_quota_does_not_count() -> None:
    quotas = {of_user("bob"): {PRODUCER_BYTE_RATE: 5.0}, of_both("ann", "other"): {PRODUCER_BYTE_RATE: 5.0}}
    assert limit(quotas, PRODUCER_BYTE_RATE, "ann", "app") is None


def test_who_gives_no_client_id_has_no_quota_of_one() -> None:
    assert limit({of_client(None): {PRODUCER_BYTE_RATE: 5.0}}, PRODUCER_BYTE_RATE, "ann", "") is None
    assert limit({of_user(None): {PRODUCER_BYTE_RATE: 5.0}}, PRODUCER_BYTE_RATE, "ann", "") == (5.0, ("ann", ""))


def test_an_address_has_its_own_quota_or_the_default() -> None:
    quotas = {((IP, "10.0.0.1"),): {"connection_creation_rate": 3.0}, ((IP, None),): {"connection_creation_rate": 9.0}}
    assert [connection_rate(quotas, address) for address in ("10.0.0.1", "10.0.0.2")] == [3.0, 9.0]
    assert connection_rate({}, "10.0.0.1") is None
