"""Orders that nobody is told of: what they do is seen by all, but not that somebody gave them."""

from typing import Any

from kafkalab.lab import Lab, Outcome, Tape, commands, is_significant, parse_command, read_tape
from kafkalab.lab.fault_commands import SlowDisk, UndoFault
from tests.lab.labs import carried_out, opened


def unseen(lab: Lab, command: Any) -> Outcome:
    heard: list[Outcome] = []
    lab.do(command, heard.append, unseen=True)
    return heard[0]


def faults(lab: Lab) -> list[str]:
    return [name for name in lab.view() if name.startswith("fault:")]


def test_a_fault_that_was_begun_unseen_is_on_no_list_and_cannot_be_undone_by_its_number() -> None:
    lab = opened()
    assert unseen(lab, SlowDisk(1, 5)).detail == {"fault": 1}
    assert (faults(lab), carried_out(lab, UndoFault(1)).ok) == ([], False)
    assert (unseen(lab, UndoFault(1)).ok, lab.cluster.disks["broker-1"].delay_us) == (True, 0)


def test_a_fork_keeps_it_hidden() -> None:
    lab = opened()
    unseen(lab, SlowDisk(1, 5))
    carried_out(lab, SlowDisk(2, 5))
    assert faults(lab.fork()) == ["fault:2"]


def test_whoever_listens_hears_of_orders_but_not_of_those_that_are_unseen() -> None:
    lab = opened()
    heard: list[str] = []
    lab.on_order.append(heard.append)
    unseen(lab, commands.CrashBroker(2))
    carried_out(lab, commands.CreateTopic("orders", 1))
    assert [line.split()[0] for line in heard] == ["kafka-topics.sh"]


def test_what_it_does_is_told_as_a_fact() -> None:
    lab = opened()
    told: list[str] = []
    lab.world.on_event.append(
        lambda now_us, node, event: told.append(type(event).__name__) if is_significant(node, event) else None
    )
    unseen(lab, commands.CrashBroker(2))
    lab.advance(100_000)
    assert "NodeCrashed" in told


def test_why_something_is_so_tells_of_the_order_only_once_it_is_revealed() -> None:
    lab = opened()
    unseen(lab, commands.CrashBroker(2))
    lab.advance(100_000)
    hidden = lab.why.explain("broker:2").chain[-1]
    assert (hidden.kind, hidden.text) == ("begin", "It came from outside.")
    lab.faults.reveal()
    assert lab.why.explain("broker:2").chain[-1].kind == "act"


def test_who_was_cut_off_unseen_is_not_said_to_have_been_before_it_is_revealed() -> None:
    lab = opened()
    unseen(lab, commands.IsolateBroker(2))
    lab.advance(12_000_000)
    assert "act" not in [link.kind for link in lab.why.explain("broker:2").chain]
    lab.faults.reveal()
    assert "act" in [link.kind for link in lab.why.explain("broker:2").chain]
    assert faults(lab) == ["fault:1"]


def test_a_healed_network_stays_broken_where_it_was_broken_unseen() -> None:
    lab = opened()
    unseen(lab, commands.IsolateBroker(2))
    carried_out(lab, commands.IsolateBroker(3))
    carried_out(lab, commands.HealNetwork())
    assert [each.command for each in lab.faults.active()] == [commands.IsolateBroker(2)]
    unseen(lab, commands.HealNetwork())
    assert lab.faults.active() == []


def test_a_tape_knows_which_orders_nobody_was_to_know_of() -> None:
    lab = opened()
    unseen(lab, SlowDisk(1, 5))
    carried_out(lab, SlowDisk(2, 5))
    assert lab.tape is not None
    tape = read_tape(lab.tape.lines(lab.world.now_us), "kept")
    assert isinstance(tape, Tape)
    assert [(one.command, one.unseen) for one in tape.commands] == [(SlowDisk(1, 5), True), (SlowDisk(2, 5), False)]


def test_how_time_passes_is_no_secret() -> None:
    lab = opened()
    unseen(lab, parse_command({"command": "pause_time"}))
    assert not lab.faults.secret
    unseen(lab, SlowDisk(1, 5))
    assert lab.faults.secret
