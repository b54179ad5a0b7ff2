"""One story under three protocols: what one seed yields is asserted in whole, and is the same each time."""

from itertools import pairwise
from typing import Any

import pytest

from kafkalab.lab.rebalances import STORIES, Run, compare


def told(run: Run) -> dict[str, Any]:
    """All that the page draws a table of, and the bands of the group."""
    return {
        "group": [(span.what, span.start_us // 1000) for span in run.states],
        "members": {lane.member: lane.silence.ms if lane.silence else lane.gone for lane in run.lanes},
        "partitions": [silence.ms for silence in run.partitions],
        "steps": [(lane.member, span.what, span.start_us // 1000) for lane in run.lanes for span in lane.steps],
        "owned": [[number for number, spans in enumerate(lane.has) if spans] for lane in run.lanes],
    }


def test_a_fourth_joins_three_quick_members() -> None:
    eager, cooperative, consumer = map(told, compare(STORIES["joins"], 1, slow=False))
    assert eager == {
        "group": [("Stable", -2000), ("PreparingRebalance", 2), ("CompletingRebalance", 382), ("Stable", 385)],
        "members": {"member-1": 85, "member-2": 84, "member-3": 100, "member-4": 444},
        "partitions": [101, 101, 101, 101, 101, 100],
        "steps": [],
        "owned": [[0, 1], [2, 3], [4, 5], [5]],
    }
    assert cooperative == {
        "group": [
            ("Stable", -2000),
            ("PreparingRebalance", 3),
            ("CompletingRebalance", 382),
            ("Stable", 385),
            ("PreparingRebalance", 386),
            ("CompletingRebalance", 3388),
            ("Stable", 3391),
        ],
        "members": {"member-1": 50, "member-2": 50, "member-3": 100, "member-4": 3396},
        "partitions": [100, 100, 100, 100, 100, 3051],
        "steps": [],
        "owned": [[0, 3], [1, 4], [2, 5], [5]],
    }
    assert consumer == {
        "group": [("Stable", -2000), ("Reconciling", 1), ("Stable", 5003)],
        "members": {"member-1": 84, "member-2": 84, "member-3": 100, "member-4": 5009},
        "partitions": [100, 100, 100, 100, 100, 1365],
        "steps": [("member-3", "unrevoked_partitions", 3681), ("member-4", "unreleased_partitions", 1)],
        "owned": [[0, 1], [2, 3], [4, 5], [5]],
    }


def test_a_slow_member_holds_up_the_others_only_where_all_wait_for_all() -> None:
    runs = compare(STORIES["leaves"], 3, slow=True)
    silent = {run.protocol.title: [lane.silence.ms for lane in run.lanes if lane.silence] for run in runs}
    assert silent == {"Classic, eager": [634, 90], "Classic, cooperative": [50, 80], "Consumer protocol": [84, 80]}


@pytest.mark.parametrize("name", STORIES)
def test_no_partition_has_two_members_and_only_an_owner_delivers(name: str) -> None:
    for run in compare(STORIES[name], 2, slow=True):
        for partition in range(6):
            owned = sorted((span.start_us, span.end_us) for lane in run.lanes for span in lane.has[partition])
            assert all(one[1] <= other[0] for one, other in pairwise(owned))
            for lane in run.lanes:
                for span in lane.delivers[partition]:
                    assert any(it.start_us <= span.start_us and span.end_us <= it.end_us for it in lane.has[partition])
        assert run.states[-1].what == "Stable"


def test_the_same_seed_tells_the_same() -> None:
    assert compare(STORIES["starts"], 5, slow=False) == compare(STORIES["starts"], 5, slow=False)
