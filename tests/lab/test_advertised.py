"""A broker that is advertised under a wrong host: clients bootstrap, and then do not find it."""

import pytest

from kafkalab.lab import CommandRefused, Lab, commands, parse_command
from kafkalab.lab.fault_commands import AdvertiseElsewhere, UndoFault
from tests.lab.labs import carried_out, opened

SECOND_US = 1_000_000


def with_orders() -> Lab:
    """Three partitions, of which each broker leads one."""
    lab = opened(seed=1)
    assert carried_out(lab, commands.CreateTopic("orders", 3, 3)).ok
    return lab


def buffered(lab: Lab, name: str) -> int:
    return lab.producers[name].buffered


def test_a_client_that_begins_then_reaches_all_but_that_broker_until_it_is_corrected() -> None:
    lab = with_orders()
    carried_out(lab, AdvertiseElsewhere(2, "build.invalid"))
    carried_out(lab, commands.CreateProducer("orders", "shop", rate=9, key_pattern="sequence"))
    lab.advance(20 * SECOND_US)
    shop = lab.producers["shop"]
    assert 30 < shop.buffered < 90
    assert shop.acked > 90
    assert shop.last_error == "No such host: build.invalid"
    carried_out(lab, UndoFault(1))
    lab.advance(5 * SECOND_US)
    assert shop.buffered < 5


def test_a_client_that_is_connected_goes_on() -> None:
    lab = with_orders()
    carried_out(lab, commands.CreateProducer("orders", "shop", rate=9, key_pattern="sequence"))
    lab.advance(3 * SECOND_US)
    carried_out(lab, AdvertiseElsewhere(2, "build.invalid"))
    lab.advance(20 * SECOND_US)
    assert buffered(lab, "shop") < 5


def test_whoever_restarts_the_broker_restarts_it_with_the_same_host() -> None:
    lab = with_orders()
    carried_out(lab, AdvertiseElsewhere(2, "build.invalid"))
    carried_out(lab, commands.CreateProducer("orders", "shop", rate=9, key_pattern="sequence"))
    lab.advance(3 * SECOND_US)
    carried_out(lab, commands.StopBroker(2))
    lab.advance(5 * SECOND_US)
    # Others lead meanwhile.
    assert buffered(lab, "shop") < 5
    carried_out(lab, commands.StartBroker(2))
    lab.advance(5 * SECOND_US)
    for partition in range(3):
        carried_out(lab, commands.ElectLeader("orders", partition))
    lab.advance(10 * SECOND_US)
    assert buffered(lab, "shop") > 10


def test_the_brokers_among_themselves_are_not_affected() -> None:
    lab = with_orders()
    carried_out(lab, AdvertiseElsewhere(2, "build.invalid"))
    lab.advance(20 * SECOND_US)
    assert lab.view()["signs"]["under_replicated"] == 0


def test_no_client_can_be_sent_to_a_host_that_there_is() -> None:
    with pytest.raises(CommandRefused):
        parse_command({"command": "advertise_elsewhere", "broker": 1, "host": "example.com"})
