"""Elections of the controllers, message by message: who votes for whom, who gives up, who takes over."""

from copy import deepcopy

from kafkalab.engine.controller.quorum_state import Leader, Resigned
from kafkalab.engine.events import ControllerElected, ControllerResigned, ControllerStoodForElection
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.trio import Trio, images_of

ABOUT_THE_QUORUM = (ControllerElected, ControllerResigned, ControllerStoodForElection)


def test_the_first_election_is_sounded_out_then_held_then_made_known() -> None:
    room = Trio()
    one = room.active.controller_id
    two, three = (each.controller_id for each in room.standby)
    assert room.take_said() == [
        f"{one} -> {two} Vote: would you, in epoch 0?",
        f"{one} -> {three} Vote: would you, in epoch 0?",
        f"{two} -> {one} Vote: yes",
        f"{three} -> {one} Vote: yes",
        f"{one} -> {two} Vote: do you, in epoch 1?",
        f"{one} -> {three} Vote: do you, in epoch 1?",
        f"{two} -> {one} Vote: yes",
        f"{three} -> {one} Vote: yes",
        f"{one} -> {two} BeginQuorumEpoch: {one} leads epoch 1",
        f"{one} -> {three} BeginQuorumEpoch: {one} leads epoch 1",
    ]
    assert room.take_facts(*ABOUT_THE_QUORUM) == [ControllerStoodForElection(one, 1), ControllerElected(one, 1)]


def test_a_single_controller_asks_nobody_and_does_not_wait() -> None:
    room = Trio(controllers=1)
    assert room.take_said() == []
    assert room.take_facts(*ABOUT_THE_QUORUM) == [ControllerElected(3000, 1)]


def test_every_controller_and_every_broker_knows_the_same() -> None:
    room = Trio()
    room.create((1, 2, 3))
    room.run(1)
    first, *others = images_of(room.cluster)
    assert others == [first] * 5


def test_when_the_active_controller_is_killed_another_one_is_active_after_the_fetch_timeout() -> None:
    room = Trio()
    room.create((1, 2, 3))
    killed = room.active.controller_id
    room.cluster.crash_controller(killed)
    assert 1.4 < room.until_active() < 2.2
    room.create((1, 2, 3), topic="second")
    assert room.active.controller_id != killed
    assert room.active.epoch == 2
    room.cluster.start_controller(killed)
    room.run(2)
    first, *others = images_of(room.cluster)
    assert others == [first] * 5
    assert list(room.active.image.topics) == ["orders", "second"]


def test_a_follower_that_was_cut_off_comes_back_without_disturbing_anybody() -> None:
    room = Trio()
    leader, cut_off = room.active, room.standby[0]
    room.take_facts()
    room.cluster.isolate_controller(cut_off.controller_id)
    room.run(30)
    # It asks and asks, but begins no epoch as long as nobody would vote for it (KIP-996).
    assert cut_off.epoch == 1
    room.cluster.heal()
    room.run(5)
    assert room.active is leader
    assert {each.epoch for each in room.cluster.controllers.values()} == {1}
    assert room.take_facts(*ABOUT_THE_QUORUM) == []


def test_a_leader_that_nobody_fetches_from_resigns_and_the_others_have_one_by_then() -> None:
    room = Trio()
    old = room.active
    room.take_facts()
    room.cluster.isolate_controller(old.controller_id)
    room.run(3.2)
    assert isinstance(old.quorum.state, Resigned)
    new = room.active
    assert (new is not old, new.epoch) == (True, 2)
    room.cluster.heal()
    room.run(5)
    assert room.active is new
    assert (old.quorum.leader_id, old.epoch) == (new.controller_id, new.epoch)


def test_a_leader_that_stood_still_learns_that_it_leads_no_more() -> None:
    room = Trio()
    old = room.active
    room.cluster.freeze_controller(old.controller_id)
    room.run(4)
    assert isinstance(old.quorum.state, Leader)
    new = room.active
    room.cluster.thaw_controller(old.controller_id)
    room.run(4)
    assert (room.active, old.quorum.leader_id, old.active) == (new, new.controller_id, False)


def test_a_leader_that_is_stopped_hands_over_before_it_goes() -> None:
    room = Trio()
    old, successors = room.active.controller_id, [each.controller_id for each in room.standby]
    room.cluster.stop_controller(old)
    room.run(0.2)
    assert old not in room.cluster.controllers
    assert room.active.controller_id in successors
    assert room.active.epoch == 2


def test_a_controller_votes_once_an_epoch_and_remembers_it_over_a_crash() -> None:
    room = Trio()
    voter = room.standby[0].controller_id
    assert room.ask_for_vote(voter, 3001, epoch=7) == (ErrorCode.none, True)
    room.cluster.crash_controller(voter)
    room.cluster.disks["controller-" + str(voter)].disk.lose_unflushed(room.world.random, torn=False)
    room.cluster.start_controller(voter)
    room.world.run_until(room.world.now_us)
    assert room.ask_for_vote(voter, 3002, epoch=7) == (ErrorCode.none, False)
    assert room.ask_for_vote(voter, 3001, epoch=7) == (ErrorCode.none, True)
    assert room.ask_for_vote(voter, 3002, epoch=6) == (ErrorCode.fenced_leader_epoch, False)


def test_nobody_votes_for_a_log_that_is_behind_its_own() -> None:
    room = Trio()
    voter = room.standby[0].controller_id
    assert room.ask_for_vote(voter, 3001, epoch=7, end=(1, 3)) == (ErrorCode.none, False)
    assert room.ask_for_vote(voter, 3001, epoch=7, end=(0, 999)) == (ErrorCode.none, False)
    assert room.ask_for_vote(voter, 3001, epoch=7, end=(1, 999)) == (ErrorCode.none, True)


def test_who_has_fetched_from_its_leader_promises_its_vote_to_nobody_else() -> None:
    room = Trio()
    voter = room.standby[0].controller_id
    assert room.ask_for_vote(voter, 3001, epoch=1, pre_vote=True) == (ErrorCode.none, False)
    assert room.active.epoch == 1


def test_a_world_can_be_forked_in_the_middle_of_an_election() -> None:
    room = Trio()
    room.cluster.crash_controller(room.active.controller_id)
    room.run(1.9)
    twin = deepcopy(room)
    # Who listens to a world stays with it; this fork has a listener of its own.
    twin.world.on_event.append(twin._hear)
    for each in (room, twin):
        each.take_facts()
        each.run(5)
    assert twin.facts == room.facts
    assert ControllerElected in map(type, room.facts)


def test_with_no_majority_nobody_is_active_and_with_one_again_somebody_is() -> None:
    room = Trio()
    for each in room.standby:
        room.cluster.crash_controller(each.controller_id)
    room.run(4)
    assert room.cluster.active_controller is None
    room.cluster.start_controller(next(each for each in (3000, 3001, 3002) if each not in room.cluster.controllers))
    assert room.until_active() < 5
