"""What brokers know of single clients, put on the clients: who is throttled, and what they tell of themselves."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

Entity = dict[str, Any]

MOST_METRICS_SHOWN = 40


def mark(lab: "Lab", entities: dict[str, Entity]) -> None:
    """`throttled` is there while a broker does not listen to it, `telemetry` where it has pushed something."""
    now_us = lab.world.now_us
    for broker in lab.cluster.brokers.values():
        for source, (until_us, quota) in broker.client_quotas.throttled_until_us.items():
            entity = _of(lab, entities, source)
            if entity is not None and until_us > now_us:
                entity["throttled"] = {"broker": broker.broker_id, "quota": quota, "until_us": until_us}
        for instance in broker.telemetry.instances.values():
            entity = _of(lab, entities, instance.source)
            if entity is not None and instance.pushes:
                shown = sorted(instance.values.items())[:MOST_METRICS_SHOWN]
                entity["telemetry"] = {
                    "broker": broker.broker_id,
                    "pushes": instance.pushes,
                    "of": len(instance.values),
                    "metrics": [{"name": name, "value": round(value, 6)} for name, value in shown],
                }


def _of(lab: "Lab", entities: dict[str, Entity], source: str) -> Entity | None:
    visitor = lab.visitors.of_connection.get(source)
    if visitor is not None:
        return entities.get(f"client:{visitor.number}")
    return entities.get(f"producer:{source}") or entities.get(f"consumer:{source}")
