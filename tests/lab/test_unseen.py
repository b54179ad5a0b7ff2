"""Orders that nobody is told of: what they do is seen by all, but not that somebody gave them."""

from typing import Any

from kafkalab.lab import Lab, Outcome, commands, is_significant
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
