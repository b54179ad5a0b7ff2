"""What a group has committed without working on it is passed over when the worker dies."""

from kafkalab.lab import Lab
from kafkalab.lab.commands import (
    AddConsumer,
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    DeleteGroup,
    DeleteTopic,
    RemoveConsumer,
    SendRecord,
)
from kafkalab.lab.fates.rows import Wanted, page
from tests.lab.labs import Ask, carried_out

PATIENT = {"session_timeout_ms": 6_000, "processing_ms": 1_000}


def six_records(ask: Ask, lab: Lab) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", rate=50, limit=6))
    lab.advance(1_000_000)


def worked_on(lab: Lab, records: int) -> None:
    while lab.consumers["consumer-1"].delivered < records:
        lab.advance(10_000)


def totals(lab: Lab) -> tuple[int, int, int]:
    ledger = lab.view()["ledger"]
    return ledger["delivered"], ledger["duplicated"], ledger["passed_over"]


def test_who_commits_before_the_work_passes_over_what_it_had_in_hand_when_it_died(lab: Lab, ask: Ask) -> None:
    six_records(ask, lab)
    ask(AddConsumer(("orders",), "billing", commit="before", **PATIENT))
    worked_on(lab, 2)
    # The others are in hand still: nobody has passed over them yet.
    assert totals(lab) == (2, 0, 0)
    ask(CrashConsumer("consumer-1"))
    assert totals(lab) == (2, 0, 4)
    ask(AddConsumer(("orders",), "billing", commit="before", **PATIENT))
    lab.advance(15_000_000)
    assert totals(lab) == (2, 0, 4)
    rows = page(lab.ledger, Wanted("passed_over"), None).rows
    assert [(row.offset, row.committed_by, row.readers) for row in rows] == [
        (offset, ("billing",), ()) for offset in (5, 4, 3, 2)
    ]
    fork = lab.fork()
    assert totals(fork) == totals(lab)


def test_who_commits_after_the_work_passes_over_nothing_and_does_some_twice(lab: Lab, ask: Ask) -> None:
    six_records(ask, lab)
    ask(AddConsumer(("orders",), "billing", commit="manual", **PATIENT))
    worked_on(lab, 2)
    ask(CrashConsumer("consumer-1"))
    ask(AddConsumer(("orders",), "billing", commit="manual", **PATIENT))
    lab.advance(25_000_000)
    assert totals(lab) == (8, 2, 0)


def test_nothing_is_passed_over_where_nobody_dies(lab: Lab, ask: Ask) -> None:
    six_records(ask, lab)
    ask(CreateProducer("orders", "payer", rate=20, limit=40, transactional_id="t", abort_every=2))
    ask(AddConsumer(("orders",), "billing", commit="before", processing_ms=10, isolation_level="read_committed"))
    lab.advance(10_000_000)
    ask(RemoveConsumer("consumer-1"))
    lab.advance(1_000_000)
    ask(SendRecord("orders", "one more"))
    ask(AddConsumer(("orders",), "billing", commit="before", isolation_level="read_committed"))
    lab.advance(5_000_000)
    assert lab.view()["group:billing"]["offsets"][0]["lag"] == 0
    assert totals(lab) == (27, 0, 0)


def test_who_is_given_its_commit_back_does_not_begin_the_work(lab: Lab, ask: Ask) -> None:
    """It stood still for longer than its session: the group has gone on, and another has the records."""
    six_records(ask, lab)
    ask(AddConsumer(("orders",), "billing", commit="before", max_poll_records=1, **PATIENT))
    worked_on(lab, 1)
    lab.advance(500_000)
    lab.world.freeze("consumer-1")
    ask(AddConsumer(("orders",), "billing", commit="before", max_poll_records=1, **PATIENT))
    lab.advance(20_000_000)
    assert totals(lab) == (5, 0, 0)
    lab.world.thaw("consumer-1")
    lab.advance(20_000_000)
    assert totals(lab) == (6, 0, 0)


def test_a_deleted_group_and_a_deleted_topic_have_passed_over_nothing(lab: Lab, ask: Ask) -> None:
    six_records(ask, lab)
    ask(AddConsumer(("orders",), "billing", commit="before", **PATIENT))
    worked_on(lab, 2)
    ask(CrashConsumer("consumer-1"))
    assert totals(lab)[2] == 4
    fork = lab.fork()
    carried_out(fork, DeleteTopic("orders"))
    assert totals(fork)[2] == 0
    lab.advance(10_000_000)
    ask(DeleteGroup("billing"))
    assert totals(lab)[2] == 0
