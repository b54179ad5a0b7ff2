"""Histories in which records are moved exactly once, and groups of the newer protocol: who has them, who judges."""

import json

import pytest

from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.modern import COPIES, EVERY, LETTERS, REST
from kafkalab.engine.simulation.movers import moved_once
from kafkalab.engine.simulation.plans import Schedule
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.taped import entries, plan_of, with_parts, world_of
from kafkalab.wire import batches
from kafkalab.wire.records import Record

SHORT = 40
"""A seed of a history that is quickly played."""


def has_newer_things(plan: Schedule) -> bool:
    return bool(plan.movers) or any(consumer.group_protocol == "consumer" for consumer in plan.consumers)


def test_every_seventh_history_moves_records_and_no_other() -> None:
    seeds = [seed for seed in range(1, 301) if schedule(seed).movers]
    assert seeds == [seed for seed in range(1, 301) if seed % EVERY == REST]
    assert [seed for seed in range(1, 301) if has_newer_things(schedule(seed))] == seeds


def test_seeds_choose_the_protocol_of_each_group() -> None:
    chosen: dict[tuple[int, str], dict[str, None]] = {}
    for seed in range(REST, 301, EVERY):
        for consumer in schedule(seed).consumers:
            chosen.setdefault((seed, consumer.group), {})[consumer.group_protocol] = None
    assert {len(protocols) for protocols in chosen.values()} == {1}
    assert {next(iter(protocols)) for protocols in chosen.values()} == {"classic", "consumer"}


def test_a_plan_with_a_mover_can_be_written_down_and_read_again() -> None:
    plan = schedule(SHORT)
    world, *parts = json.loads(json.dumps(entries(plan)))
    assert with_parts(world_of(world), [plan_of(part) for part in parts]) == plan


def test_whatever_crashes_everything_is_moved_once_and_in_order() -> None:
    history = History(SHORT)
    history.run()
    assert history.faults.done["mover frozen"] > 0
    leaders = {
        (topic, number): history.cluster.brokers[image.leader].partitions[topic, number]
        for topic in (LETTERS, COPIES)
        for number, image in history.cluster.image.topics[topic].partitions.items()
    }
    letters = leaders[LETTERS, 0].log
    assert letters.end_offset > 50
    # With one letter more the referee would have spoken up.
    extra = batches.build([Record(0, 0, None, b"one more")])
    letters.append_as_leader(extra, leaders[LETTERS, 0].leader_epoch, 0, check_sequence=False)
    with pytest.raises(Broken, match=rf"T7.*lost \[{letters.end_offset - 1}\], twice \[\]"):
        moved_once(history.plan.movers, leaders)
