"""A bounded sample of `manage.py simulate`."""

from dataclasses import replace

import pytest

from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.schedule import schedule

SAMPLE = (*range(1, 13), 5013, 5092)
"""The last two once broke rules of the referee that were wrong: a reassignment ended with the change in which
its last replica joined; a coordinator woke up long after its succession and told of a commit of its time."""


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_history_holds_every_invariant(seed: int) -> None:
    outcome = History(seed).run()
    assert outcome.checks > 0
    assert outcome.delivered > 0
    assert outcome.faults


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_history_holds_every_invariant_with_groups_of_the_consumer_protocol(seed: int) -> None:
    plan = schedule(seed)
    timeouts = (
        ("group.consumer.min.session.timeout.ms", "10000"),
        ("group.consumer.session.timeout.ms", "10000"),
        ("group.consumer.min.heartbeat.interval.ms", "3000"),
        ("group.consumer.heartbeat.interval.ms", "3000"),
    )
    consumers = tuple(replace(consumer, group_protocol="consumer") for consumer in plan.consumers)
    outcome = History(seed, replace(plan, consumers=consumers, broker_configs=plan.broker_configs + timeouts)).run()
    assert outcome.checks > 0
    assert outcome.delivered > 0


def test_one_seed_gives_one_history() -> None:
    assert schedule(7) == schedule(7)
    assert History(7).run() == History(7).run()
