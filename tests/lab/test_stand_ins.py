"""Stand-ins for clients of somebody's own: known by what they ask, and led astray by a wrong address like them."""

import pytest

from kafkalab.engine.events import ConnectionFailed
from kafkalab.lab import Lab
from kafkalab.lab.client_commands import CrashProducer
from kafkalab.lab.commands import CrashBroker, CreateProducer, CreateTopic, StartBroker, StopBroker
from kafkalab.lab.fault_commands import AdvertiseWrongAddress, UndoFault
from kafkalab.lab.stand_in_commands import RemoveStandIn, RunStandIn
from tests.lab.labs import SECOND_US, Ask


def leader(lab: Lab) -> int:
    return int(lab.view()["partition:orders:0"]["leader"])


def another(lab: Lab) -> int:
    return next(broker for broker in lab.broker_ids if broker != leader(lab))


def test_a_stand_in_is_shown_as_a_real_client_is(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    first = another(lab)
    outcome = ask(RunStandIn("my-app", "orders", bootstrap_broker=first, software_name="kcat", limit=2))
    where = "" if first == 1 else f" bootstrap_broker={first}"
    assert outcome.shell == f"lab do run_stand_in client_id=my-app topic=orders{where} software_name=kcat limit=2"
    lab.advance(3 * SECOND_US)
    shown = lab.view()["client:stand-in-my-app"]
    assert shown.pop("requests") > 2
    asked = shown.pop("asked_last")
    assert (asked["Produce"], sorted(asked)) == (leader(lab), ["InitProducerId", "Metadata", "Produce"])
    assert set(shown.pop("brokers")) >= {first, leader(lab)}
    del shown["connections"]
    assert shown == {
        "kind": "client",
        "name": "stand-in-my-app",
        "client_id": "my-app",
        "software_name": "kcat",
        "software_version": "",
        "address": "127.0.0.1",
        "role": "producer",
        "principal": "User:ANONYMOUS",
        "groups": [],
        "topics": ["orders"],
    }
    assert (list(lab.producers), lab.view()["partition:orders:0"]["log_end"]) == ([], 2)


def test_a_consumer_stands_in_too(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", rate=10, limit=5))
    ask(RunStandIn("reader", "orders", "consumer", group="billing"))
    lab.advance(5 * SECOND_US)
    shown = lab.view()
    client = shown["client:stand-in-reader"]
    assert (client["role"], client["groups"], client["asked_last"]["Fetch"]) == ("consumer", ["billing"], leader(lab))
    assert [member["client_id"] for member in shown["group:billing"]["members"]] == ["reader"]
    assert (shown["ledger"]["delivered"], shown["ledger"]["duplicated"]) == (5, 0)


def test_connections_end_with_the_broker_and_with_the_client(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(RunStandIn("my-app", "orders", rate=10))
    lab.advance(2 * SECOND_US)
    old = leader(lab)
    ask(CrashBroker(old))
    assert old not in lab.view()["client:stand-in-my-app"]["brokers"]
    lab.advance(15 * SECOND_US)
    shown = lab.view()["client:stand-in-my-app"]
    assert (leader(lab) != old, shown["asked_last"]["Produce"]) == (True, leader(lab))
    assert ask(RemoveStandIn("my-app")).ok
    lab.advance(SECOND_US)
    assert "client:stand-in-my-app" not in lab.view()
    left = lab.view()["former_client:stand-in-my-app"]
    assert (left["kind"], left["connections"], left["asked_last"]["Produce"]) == ("former_client", [], leader(lab))
    assert ask(RunStandIn("my-app", "orders")).ok


def test_a_fork_goes_on_with_its_own_stand_ins(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(RunStandIn("my-app", "orders", rate=10))
    lab.advance(2 * SECOND_US)
    before = lab.view()["client:stand-in-my-app"]
    fork = lab.fork()
    assert fork.view()["client:stand-in-my-app"] == before
    fork.advance(2 * SECOND_US)
    assert fork.view()["client:stand-in-my-app"]["requests"] > before["requests"]
    assert lab.view()["client:stand-in-my-app"] == before
    assert list(fork.producers) == []


def test_stand_ins_that_make_no_sense_are_refused_beside_their_field(lab: Lab, ask: Ask) -> None:
    ask(RunStandIn("my-app", "orders"))
    assert [
        ask(command).fields
        for command in (
            RunStandIn("my-app", "orders"),
            RunStandIn("b", "orders", bootstrap_broker=9),
            RemoveStandIn("c"),
        )
    ] == [
        {"client_id": "my-app is taken"},
        {"bootstrap_broker": "must be one of 1, 2, 3"},
        {"client_id": "c is no stand-in of this lab"},
    ]


def restarted(lab: Lab, ask: Ask, broker: int) -> None:
    ask(StopBroker(broker))
    lab.advance(10 * SECOND_US)
    ask(StartBroker(broker))
    lab.advance(15 * SECOND_US)


def test_a_wrong_address_counts_from_the_next_start_on_and_leads_clients_to_nobody(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 1))
    where = {lab.view()[f"partition:orders:{number}"]["leader"]: number for number in range(3)}
    broker = next(iter(where))
    right = lab.view()[f"broker:{broker}"]["advertised"]
    fault = ask(AdvertiseWrongAddress(broker, "kafka.invalid")).detail["fault"]
    lab.advance(SECOND_US)
    assert lab.view()[f"broker:{broker}"]["advertised"] == right
    restarted(lab, ask, broker)
    assert lab.view()[f"broker:{broker}"]["advertised"] == "kafka.invalid:9092"
    failed: list[object] = []
    lab.world.on_event.append(lambda _now, _node, it: failed.append(it) if isinstance(it, ConnectionFailed) else None)
    ask(CreateProducer("orders", name="shop", rate=30, limit=30, key_pattern="sequence"))
    lab.advance(5 * SECOND_US)
    shown = lab.view()
    assert shown[f"partition:orders:{where[broker]}"]["log_end"] == 0
    assert 0 < shown["producer:shop"]["acked"] < 30
    assert shown["producer:shop"]["last_error"] == f"no connection to broker-{broker} at kafka.invalid:9092"
    assert failed[0] == ConnectionFailed("shop", f"broker-{broker}", "kafka.invalid:9092")
    ask(UndoFault(fault))
    restarted(lab, ask, broker)
    shown = lab.view()
    assert (shown[f"broker:{broker}"]["advertised"], shown["producer:shop"]["acked"]) == (right, 30)


def test_no_broker_may_pass_for_another(lab: Lab, ask: Ask) -> None:
    host, port = lab.cluster.spec.broker(2).host, lab.cluster.spec.broker(2).port
    assert ask(AdvertiseWrongAddress(1, host, port)).fields == {"host": f"broker-2 listens at {host}:{port}"}
    assert ask(AdvertiseWrongAddress(1, "localhost", port)).fields == {"host": f"broker-2 listens at localhost:{port}"}


@pytest.mark.parametrize("host", ["evil.com", "10.0.0.1", "example.com.evil.com", "metadata.internal", "invalidhost"])
def test_clients_are_never_sent_to_a_strangers_machine(lab: Lab, ask: Ask, host: str) -> None:
    told = "must lead nowhere: a name under .invalid, .test or .example, or 192.0.2.1"
    assert ask(AdvertiseWrongAddress(1, host)).fields == {"host": told}


@pytest.mark.parametrize(
    "host", ["kafka-2.build.invalid", "Broker.Example.COM", "192.0.2.7", "203.0.113.9", "localhost"]
)
def test_clients_may_be_sent_nowhere_and_to_the_labs_own_machine(lab: Lab, ask: Ask, host: str) -> None:
    assert ask(AdvertiseWrongAddress(1, host, 9)).ok


def test_a_killed_producer_says_nothing_more(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", name="shop", rate=100))
    lab.advance(SECOND_US)
    outcome = ask(CrashProducer("shop"))
    sent = lab.view()["partition:orders:0"]["log_end"]
    lab.advance(2 * SECOND_US)
    assert (outcome.shell, list(lab.producers)) == ("kill -9 <pid of shop>", [])
    assert lab.view()["partition:orders:0"]["log_end"] - sent < 5
    assert ask(CrashProducer("shop")).fields == {"name": "shop is no producer of this lab"}


def test_one_that_begins_in_a_fork_takes_nobodys_place(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(RunStandIn("my-app", "orders", rate=5))
    lab.advance(2 * SECOND_US)
    fork = lab.fork()
    fork.do(RunStandIn("hello", "orders", rate=5), lambda outcome: None)
    fork.advance(2 * SECOND_US)
    assert {"client:stand-in-my-app", "client:stand-in-hello"} <= set(fork.view())
