"""Each fact of the engine goes to all of a lab's keepers of books: what is told, counted, explained and shown."""

from typing import TYPE_CHECKING

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.share_consumer import ShareConsumer
from kafkalab.engine.events import AdminAnswered, ClientThrottled, Event, RecordsDelivered
from kafkalab.lab import attendance
from kafkalab.lab.significance import FREQUENT

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def hear(lab: "Lab", now_us: int, node: str, event: Event) -> None:
    lab.facts_told += 1
    lab._view.measure(now_us)
    lab.causes.on_event(now_us, node, event)
    lab.witness.on_event(now_us, node, event)
    lab.ledger.on_event(now_us, node, event)
    lab.metrics.counted.on_event(node, event)
    if isinstance(event, RecordsDelivered):
        client = lab._clients.get(event.client)
        group = client.settings.group if isinstance(client, Consumer | ShareConsumer) else None
        committed_only = isinstance(client, Consumer) and client.settings.isolation_level == 1
        lab.ledger.on_delivered(group or event.client, event, committed_only)
    elif isinstance(event, ClientThrottled) and lab.on_throttled is not None:
        lab.on_throttled(event.connection, event.throttle_ms / 1000)
    elif isinstance(event, AdminAnswered):
        # At once, for an order of several requests goes on with the next one: whoever plays this again
        # must find it at the same moment.
        lab._acting.settle()
    if event.__class__ not in FREQUENT:
        lab._view.on_event(event)
        attendance.note(lab, event)
    lab.conductor.stir()
