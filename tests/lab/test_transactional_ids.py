"""Somebody's transaction in a lab: how it is shown, and what a person can do to it."""

from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.lab import Lab, Outcome
from kafkalab.lab.commands import CrashBroker, CreateTopic
from kafkalab.lab.transaction_commands import AbortTransaction, ForceTerminateTransaction
from tests.lab.labs import Ask

AT = "--bootstrap-server 127.0.0.1:9092"
SECOND_US = 1_000_000


def with_an_open_transaction(lab: Lab, ask: Ask) -> Producer:
    assert ask(CreateTopic("orders", 1, 3)).ok
    settings = ProducerSettings("orders", rate_per_s=5, transactional_id="transfer", records_per_transaction=1_000_000)
    producer = Producer("writer", lab.bootstrap_nodes, settings)
    lab.world.start(producer)
    lab.advance(3 * SECOND_US)
    return producer


def test_a_transaction_is_shown_with_its_steps(lab: Lab, ask: Ask) -> None:
    with_an_open_transaction(lab, ask)
    shown = dict(lab.view()["transaction:transfer"])
    coordinator, steps = shown.pop("coordinator"), shown.pop("steps")
    assert coordinator in (1, 2, 3)
    assert shown.pop("started_ms") == shown.pop("updated_ms")
    assert shown == {
        "kind": "transaction",
        "transactional_id": "transfer",
        "state": "Ongoing",
        "producer_id": 0,
        "producer_epoch": 0,
        "timeout_ms": 60_000,
        "partitions": [["orders", 0]],
        "state_partition": 0,
        "version": 2,
    }
    assert steps == [
        {"state": "Empty", "epoch": 0, "why": "its producer begins, with epoch 0 of id 0"},
        {"state": "Ongoing", "epoch": 0, "why": "the producer writes to orders-0"},
    ]


def test_a_transaction_whose_coordinator_is_down_stays_in_sight(lab: Lab, ask: Ask) -> None:
    with_an_open_transaction(lab, ask)
    ask(CrashBroker(lab.view()["transaction:transfer"]["coordinator"]))
    shown = lab.view()["transaction:transfer"]
    assert (shown["state"], shown["coordinator"], shown["partitions"]) == ("NoCoordinator", -1, [["orders", 0]])
    lab.advance(15 * SECOND_US)
    assert lab.view()["transaction:transfer"]["state"] == "Ongoing"


def test_a_person_ends_a_transaction_by_its_id(lab: Lab, ask: Ask) -> None:
    with_an_open_transaction(lab, ask)
    assert ask(ForceTerminateTransaction("transfer")) == Outcome(
        True, f"kafka-transactions.sh {AT} forceTerminateTransaction --transactionalId transfer"
    )
    shown = lab.view()["transaction:transfer"]
    assert (shown["state"], shown["producer_epoch"], shown["partitions"]) == ("Empty", 2, [])
    assert [step["state"] for step in shown["steps"] if step["state"]][2:] == ["PrepareAbort", "CompleteAbort", "Empty"]


def test_a_person_aborts_a_transaction_that_hangs_in_a_partition(lab: Lab, ask: Ask) -> None:
    with_an_open_transaction(lab, ask)
    assert ask(AbortTransaction("orders", 0, 0)) == Outcome(
        True, f"kafka-transactions.sh {AT} abort --topic orders --partition 0 --start-offset 0"
    )
    refused = ask(AbortTransaction("orders", 0, 999))
    assert (refused.ok, refused.error) == (False, "No open transaction begins at offset 999 of orders-0.")
    assert ask(AbortTransaction("orders", 7, 0)).error == "UNKNOWN_TOPIC_OR_PARTITION."
