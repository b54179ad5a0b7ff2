"""Transactions as a learner meets them: a producer that commits and aborts, and who sees what of it."""

from kafkalab.lab import Lab, Outcome
from kafkalab.lab.commands import (
    AddConsumer,
    CreateProducer,
    CreateTopic,
    RemoveProducer,
)
from kafkalab.lab.transaction_commands import BeginTransaction, EndTransaction
from tests.lab.labs import Ask

AT = "--bootstrap-server 127.0.0.1:9092"


def test_a_producer_commits_and_aborts_and_readers_of_committed_records_see_half(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    made = CreateProducer("orders", rate=100, limit=40, transactional_id="t", records_per_transaction=5, abort_every=2)
    outcome = ask(made)
    ask(AddConsumer(("orders",), name="all"))
    line = ask(AddConsumer(("orders",), name="committed", isolation_level="read_committed")).shell
    lab.advance(8_000_000)
    shown = lab.view()
    assert (outcome.detail, line) == (
        {"name": "producer-1"},
        f"kafka-console-consumer.sh {AT} --topic orders --from-beginning --isolation-level read_committed",
    )
    assert "--transactional-id t --transaction-duration-ms 50" in outcome.shell
    assert (shown["consumer:all"]["delivered"], shown["consumer:committed"]["delivered"]) == (40, 20)
    assert shown["producer:producer-1"]["transactions"] == {
        "transactional_id": "t",
        "state": "between transactions",
        "records": 0,
        "committed": 4,
        "aborted": 4,
        "records_each": 5,
        "abort_every": 2,
    }
    assert (shown["ledger"]["sent"], shown["ledger"]["acked"], shown["ledger"]["visible"]) == (40, 40, 40)
    ends = [cell[5] for cell in shown["replica:orders:0:1"]["tail"] if len(cell) > 5]
    assert ends == ["abort", "commit", "abort"]


def test_a_transaction_is_begun_and_ended_by_hand(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", rate=10, transactional_id="t", records_per_transaction=0))
    lab.advance(2_000_000)
    assert lab.producers["producer-1"].sent == 0
    assert ask(BeginTransaction("producer-1")) == Outcome(
        True, "# in the code of producer-1: producer.beginTransaction()"
    )
    lab.advance(2_000_000)
    partition = lab.view()["partition:orders:0"]
    assert (partition["last_stable_offset"], partition["high_watermark"] >= 10) == (0, True)
    assert ask(EndTransaction("producer-1", "abort")) == Outcome(
        True, "# in the code of producer-1: producer.abortTransaction()"
    )
    lab.advance(2_000_000)
    partition = lab.view()["partition:orders:0"]
    assert partition["last_stable_offset"] == partition["high_watermark"]
    assert lab.view()["producer:producer-1"]["transactions"]["aborted"] == 1
    ask(RemoveProducer("producer-1"))
    lab.advance(2_000_000)
    assert lab.producers == {}


def test_only_a_producer_with_a_transactional_id_can_begin(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", name="plain"))
    assert ask(BeginTransaction("plain")).fields == {"name": "plain has no transactional id"}
    assert ask(CreateProducer("orders", transactional_id="t", idempotence=False)).fields == {
        "transactional_id": "needs idempotence"
    }
