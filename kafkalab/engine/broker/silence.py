"""A peer that does not answer at all is given up, for two reasons why nobody would tell of it.

A connection may be gone at the other end only, and that end may have nothing to say that would show
it (a link's `half_open`). Or the peer stands still for so long that its session outlives the request.
Cuts and crashes are no such case: there the world tells both ends, long before.

Kafka closes a connection when a request on it is older than `request.timeout.ms` (clients of the
controller) or `replica.socket.timeout.ms` (followers), both 30 seconds
(org.apache.kafka.clients.NetworkClient.handleTimedOutRequests).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

REQUEST_TIMEOUT_US = 30_000_000
LOOK_EVERY_US = 5_000_000


@dataclass(frozen=True, slots=True)
class LookForSilence:
    def fire(self, broker: "Broker") -> None:
        give_up_on_the_silent(broker)


def give_up_on_the_silent(broker: "Broker") -> None:
    asked_before_us = broker.now_us - REQUEST_TIMEOUT_US
    silent = [fetcher.node for fetcher in broker.fetchers.by_leader.values() if fetcher.waits_since(asked_before_us)]
    silent += broker.controller.silent(asked_before_us)
    silent += broker.metadata_follower.silent(asked_before_us)
    silent += broker.transactions.markers.silent(asked_before_us)
    silent += broker.verifications.silent(asked_before_us)
    silent += broker.persister.silent(asked_before_us)
    silent += broker.latest_offsets.silent(asked_before_us)
    for peer in dict.fromkeys(silent):
        broker.give_up(peer)
    broker.wake_in(LOOK_EVERY_US, LookForSilence())
