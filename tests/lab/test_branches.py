"""Other histories of a lab: each parts from it at a moment, goes its own way, and is let go of by its name."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from kafkalab.lab import Lab, LabSettings, Outcome
from kafkalab.lab.branch_commands import Fork, RemoveBranch
from kafkalab.lab.branches import MOST_BRANCHES
from kafkalab.lab.commands import Command, CreateTopic
from kafkalab.lab.past import Past
from kafkalab.lab.tempo_commands import PauseTime, SetRate
from tests.lab.labs import QUICK, SECOND_US, carried_out

pytestmark = pytest.mark.clock


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    lab.past = Past(lab)
    yield lab
    lab.close()


def done(lab: Lab, command: Command) -> Outcome:
    heard: list[Outcome] = []
    lab.do(command, heard.append)
    return heard[0]


def branch(lab: Lab, name: str) -> Lab:
    found = lab.family.named(name)
    assert found is not None
    return found


def listed(lab: Lab) -> list[dict[str, Any]]:
    return [entity for entity in lab.view().values() if entity["kind"] == "branch"]


def test_a_branch_begins_now_and_goes_its_own_way(lab: Lab) -> None:
    outcome = done(lab, Fork("what-if"))
    now_us = lab.world.now_us
    assert outcome.shell == "lab fork what-if"
    assert outcome.detail == {"name": "what-if", "path": "home~what-if", "at_us": now_us}
    other = branch(lab, "what-if")
    assert carried_out(other, CreateTopic("there-only", 1, 1)).ok
    assert "there-only" not in lab.image.topics
    assert [other.view()["lab"][name] for name in ("name", "branch", "trunk")] == ["home~what-if", "what-if", "home"]


def test_a_branch_from_the_past_stands_still_at_its_moment(lab: Lab) -> None:
    assert carried_out(lab, CreateTopic("early", 1, 3)).ok
    lab.advance(3 * SECOND_US)
    then_us = lab.world.now_us
    lab.advance(SECOND_US)
    assert carried_out(lab, CreateTopic("late", 1, 3)).ok
    assert done(lab, Fork("before", then_us)).detail["at_us"] == then_us
    before = branch(lab, "before")
    assert list(before.image.topics) == ["early"]
    assert before.world.now_us == then_us
    assert before.view()["lab"]["paused"] is True
    assert list(lab.image.topics) == ["early", "late"]


def test_all_of_a_family_list_the_same_branches_with_their_lineage(lab: Lab) -> None:
    assert done(lab, Fork("one")).ok
    first_us = lab.world.now_us
    one = branch(lab, "one")
    one.advance(SECOND_US)
    assert done(one, Fork("two")).ok
    assert (
        listed(lab)
        == listed(one)
        == listed(branch(lab, "two"))
        == [
            {"kind": "branch", "name": "one", "of": "", "parted_us": first_us, "path": "home~one"},
            {"kind": "branch", "name": "two", "of": "one", "parted_us": first_us + SECOND_US, "path": "home~two"},
        ]
    )


def test_there_are_five_at_most_and_each_has_a_name_of_its_own(lab: Lab) -> None:
    for _ in range(MOST_BRANCHES):
        assert done(lab, Fork()).ok
    assert list(lab.family.branches) == [f"branch-{number}" for number in range(1, 6)]
    refused = done(lab, Fork())
    assert "all 5 are taken: remove one of branch-1, branch-2" in refused.error
    assert done(lab, RemoveBranch("branch-2")).ok
    taken = done(lab, Fork("branch-1"))
    assert (taken.ok, taken.fields) == (False, {"name": "branch-1 is a branch already"})
    assert done(lab, Fork()).detail["name"] == "branch-2"


def test_who_watches_a_branch_is_told_that_it_is_gone(lab: Lab) -> None:
    assert done(lab, Fork("short-lived")).ok
    told: list[str] = []
    watcher = branch(lab, "short-lived").watch(lambda: told.append("rung"))
    assert lab.family.watched
    while watcher.take() is not None:
        pass
    told.clear()
    assert done(lab, RemoveBranch("short-lived")).ok
    assert (watcher.ended, told) == (True, ["rung"])
    assert listed(lab) == []
    assert not done(lab, RemoveBranch("short-lived")).ok


def test_a_moment_that_is_not_held_can_be_no_branch(lab: Lab) -> None:
    assert lab.past is not None
    refused = done(lab, Fork("too-early", lab.past.first_us - 1))
    assert (refused.ok, list(refused.fields)) == (False, ["at_us"])
    assert lab.family.branches == {}


def test_a_branch_is_played_when_its_lab_is_and_as_fast(lab: Lab) -> None:
    async def play() -> tuple[int, int]:
        lab.play()
        assert done(lab, SetRate("10")).ok
        assert done(lab, Fork("fast")).ok
        assert done(lab, PauseTime()).ok
        assert done(lab, Fork("still")).ok
        fast, still = branch(lab, "fast"), branch(lab, "still")
        from_us = fast.world.now_us, still.world.now_us
        await asyncio.sleep(0.3)
        fast.conductor.run()
        return fast.world.now_us - from_us[0], still.world.now_us - from_us[1]

    passed_us = asyncio.run(asyncio.wait_for(play(), 20))
    assert passed_us[0] > SECOND_US
    assert passed_us[1] == 0


def test_branches_end_with_their_lab() -> None:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    assert done(lab, Fork("one")).ok
    one = branch(lab, "one")
    watcher = one.watch(lambda: None)
    lab.close()
    assert watcher.ended
    assert not one.conductor.playing
