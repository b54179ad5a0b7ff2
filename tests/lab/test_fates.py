"""What became of single records, from their producer through the logs to their readers."""

from typing import Any

from kafkalab.lab import Lab
from kafkalab.lab.commands import (
    AddConsumer,
    CompactNow,
    CrashBroker,
    CreateProducer,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    ElectLeader,
    RollSegment,
    SendRecord,
    StartBroker,
)
from kafkalab.lab.fates import lots
from kafkalab.lab.fates.rows import Place, Reader, Row, Wanted, page
from tests.lab.labs import Ask


def rows(lab: Lab, fate: str = "sent", **wanted: str) -> list[Row]:
    """All of that fate, over as many pages as it takes."""
    found: list[Row] = []
    before: Place | None = None
    while True:
        part = page(lab.ledger, Wanted(fate, **wanted), before)
        found += part.rows
        if part.more is None:
            return found
        before = part.more


def told(row: Row) -> dict[str, Any]:
    """What a row says, without what is different in each run."""
    return {
        name: getattr(row, name) for name in ("fates", "offset", "copies", "key", "value", "sender", "attempts", "acks")
    }


def leader_of(lab: Lab, partition: int = 0) -> int:
    return int(lab.view()[f"partition:orders:{partition}"]["leader"])


def alone(lab: Lab, broker: int) -> None:
    """Cut off from the other brokers, but not from the controller and the clients."""
    for other in lab.broker_ids:
        if other != broker:
            lab.world.network.cut[f"broker-{other}", f"broker-{broker}"] = None
            lab.world.network.cut[f"broker-{broker}", f"broker-{other}"] = None


def test_a_record_that_went_well_says_where_it_is_and_who_had_it(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(AddConsumer(("orders",), "billing", auto_commit_interval_ms=100))
    ask(SendRecord("orders", "one", key="a"))
    lab.advance(10_000_000)
    (row,) = rows(lab)
    assert told(row) == {
        "fates": ("sent", "acked", "visible", "delivered", "committed"),
        "offset": 0,
        "copies": (0,),
        "key": "a",
        "value": "one",
        "sender": "you",
        "attempts": 1,
        "acks": -1,
    }
    assert (sorted(row.replicas), sorted(row.may_lead)) == ([1, 2, 3], [1, 2, 3])
    assert (row.readers, row.committed_by) == ((Reader("billing", 1, ("consumer-1",)),), ("billing",))


def test_a_record_is_lost_from_the_election_on_and_not_before(lab: Lab, ask: Ask) -> None:
    """While the dead leader may still come back as the leader its records are not lost; nor are they if it does."""
    ask(CreateTopic("orders", 1, 3))
    leader = leader_of(lab)
    alone(lab, leader)
    assert ask(SendRecord("orders", "x", acks="1")).ok
    (row,) = rows(lab)
    assert (row.fates, row.replicas, row.may_lead) == (("sent", "acked"), (leader,), (leader,))

    ask(CrashBroker(leader))
    assert rows(lab, "lost_after_ack") == []
    lab.world.network.cut.clear()
    lab.advance(15_000_000)
    (row,) = rows(lab, "lost_after_ack")
    assert (row.fates, row.offset, row.replicas, row.may_lead) == (
        ("sent", "acked", "lost_after_ack"),
        0,
        (leader,),
        (),
    )
    assert lab.ledger.totals.lost_after_ack == 1

    ask(AddConsumer(("orders",), "billing"))
    ask(StartBroker(leader))
    ask(SendRecord("orders", "y"))
    lab.advance(15_000_000)
    (row,) = rows(lab, "lost_after_ack")
    assert (row.value, row.offset, row.replicas, row.readers) == ("x", 0, (), ())
    (row,) = rows(lab, "delivered")
    assert (row.value, row.offset, row.readers) == ("y", 0, (Reader("billing", 1, ("consumer-1",)),))


def test_an_unclean_election_can_bring_back_what_was_lost(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 2))
    leader = leader_of(lab)
    (other,) = [broker for broker in lab.view()["partition:orders:0"]["replicas"] if broker != leader]
    alone(lab, leader)
    assert ask(SendRecord("orders", "x", acks="1")).ok
    ask(CrashBroker(leader))
    lab.advance(15_000_000)
    assert lab.ledger.totals.lost_after_ack == 1

    ask(CrashBroker(other))
    lab.world.network.cut.clear()
    ask(StartBroker(leader))
    lab.advance(15_000_000)
    assert lab.ledger.totals.lost_after_ack == 1
    ask(ElectLeader("orders", 0, "unclean"))
    lab.advance(5_000_000)
    assert leader_of(lab) == leader
    assert (lab.ledger.totals.lost_after_ack, rows(lab)[0].fates) == (0, ("sent", "acked", "visible"))


def test_records_before_the_start_of_the_log_were_dropped_and_are_not_lost(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    for number in range(5):
        ask(SendRecord("orders", str(number)))
    ask(DeleteRecords("orders", 0, 3))
    lab.advance(2_000_000)
    assert [(row.value, row.dropped) for row in rows(lab, "dropped")] == [
        ("2", "records were deleted on request"),
        ("1", "records were deleted on request"),
        ("0", "records were deleted on request"),
    ]
    assert (lab.ledger.totals.dropped, lab.ledger.totals.lost_after_ack) == (3, 0)


def test_what_goes_with_its_topic_was_dropped(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(SendRecord("orders", "x"))
    ask(DeleteTopic("orders"))
    lab.advance(2_000_000)
    (row,) = rows(lab, "dropped")
    assert (row.dropped, row.fates) == ("its topic was deleted", ("sent", "acked", "dropped"))
    assert (lab.ledger.totals.dropped, lab.ledger.totals.lost_after_ack) == (1, 0)

    ask(CreateTopic("orders", 1, 3))
    ask(SendRecord("orders", "y"))
    assert [(row.value, row.fates) for row in rows(lab)] == [
        ("y", ("sent", "acked", "visible")),
        ("x", ("sent", "acked", "dropped")),
    ]


def test_compaction_drops_all_but_the_last_record_of_a_key(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1, {"cleanup.policy": "compact"}))
    for number in range(3):
        ask(SendRecord("orders", str(number), key="a"))
    ask(RollSegment("orders"))
    ask(CompactNow("orders"))
    lab.advance(30_000_000)
    assert [(row.value, row.dropped) for row in rows(lab, "dropped")] == [
        ("1", "compaction: a later record has its key"),
        ("0", "compaction: a later record has its key"),
    ]
    assert (lab.ledger.totals.dropped, lab.ledger.totals.lost_after_ack) == (2, 0)


def test_who_reads_committed_records_was_not_given_the_aborted_ones(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    by_hand = {"transactional_id": "t", "records_per_transaction": 5}
    ask(CreateProducer("orders", rate=10, limit=10, abort_every=2, **by_hand))  # type: ignore[arg-type]
    ask(AddConsumer(("orders",), "careful", isolation_level="read_committed"))
    ask(AddConsumer(("orders",), "careless"))
    lab.advance(20_000_000)
    aborted = rows(lab, "aborted")
    assert [row.readers for row in aborted] == [(Reader("careless", 1, ("consumer-2",)),)] * 5
    both = (Reader("careful", 1, ("consumer-1",)), Reader("careless", 1, ("consumer-2",)))
    committed = [row for row in rows(lab) if row.transaction == "commit"]
    assert [tuple(sorted(row.readers, key=lambda one: one.name)) for row in committed] == [both] * 5
    assert lab.ledger.totals.aborted == 5


def test_a_transaction_that_goes_on_is_open(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", name="p", rate=10, limit=3, transactional_id="t", records_per_transaction=100))
    lab.advance(200_000)
    assert {row.transaction for row in rows(lab) if row.offset is not None} <= {"open"}
    lab.advance(10_000_000)
    assert [row.transaction for row in rows(lab)] == ["commit"] * 3


def test_a_record_that_never_left_its_producer_has_failed_and_was_not_sent(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3, {"max.message.bytes": "100"}))
    assert not ask(SendRecord("orders", "x" * 500)).ok
    assert not ask(SendRecord("nowhere.to.go", "x", partition=7)).ok
    assert [(row.fates, row.error, row.attempts) for row in rows(lab, "failed")] == [
        (("failed",), "UNKNOWN_TOPIC_OR_PARTITION", 0),
        (("sent", "failed"), "MESSAGE_TOO_LARGE", 1),
    ]
    assert lab.ledger.totals.failed == 2


def test_rows_can_be_wanted_by_topic_and_by_key(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 2, 1))
    ask(CreateTopic("bills", 1, 1))
    for topic, key in (("orders", "a"), ("orders", "b"), ("bills", "a")):
        ask(SendRecord(topic, f"{topic} {key}", key=key))
    assert [row.value for row in rows(lab, topic="orders")] == ["orders b", "orders a"]
    assert [row.value for row in rows(lab, key="a")] == ["bills a", "orders a"]
    assert [row.value for row in rows(lab, topic="orders", key="a")] == ["orders a"]


def test_the_last_records_are_kept_one_by_one_and_the_older_ones_are_in_the_totals(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 1))
    ask(CreateProducer("orders", rate=5_000, limit=12_000, value_size=10))
    lab.advance(20_000_000)
    part = page(lab.ledger, Wanted())
    assert lab.ledger.totals.acked == 12_000
    assert part.kept <= lots.MOST_RECORDS
    assert part.kept + part.forgotten == 12_000
    assert len(rows(lab, "acked")) == part.kept
    assert len(part.rows) == 200


def test_a_fork_goes_on_with_the_fates_and_the_original_does_not_mind(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", rate=10))
    lab.advance(5_000_000)
    fork = lab.fork()
    before = rows(lab)
    fork.advance(5_000_000)
    assert rows(lab) == before
    lab.advance(5_000_000)
    assert rows(fork) == rows(lab)
