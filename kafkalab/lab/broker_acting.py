"""What a person's orders do to brokers: kill, stop, start, freeze, thaw and isolate them."""

from typing import TYPE_CHECKING, Any

from kafkalab.lab import commands as order
from kafkalab.lab.not_possible import NotPossible

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def do_to_broker(lab: "Lab", command: order.Command, broker: int) -> dict[str, Any]:
    cluster = lab.cluster
    if broker not in lab.broker_ids:
        raise NotPossible(broker=f"must be one of {', '.join(map(str, lab.broker_ids))}")
    node = f"broker-{broker}"
    up, frozen = node in lab.world.nodes, node in lab.world.frozen
    if isinstance(command, order.StartBroker):
        if up:
            raise NotPossible(broker=f"{broker} is running already")
        cluster.start_broker(broker)
        return {}
    if not up:
        raise NotPossible(broker=f"{broker} is not running")
    match command:
        case order.CrashBroker():
            cluster.crash(broker)
        case order.StopBroker():
            if frozen:
                raise NotPossible(broker=f"{broker} is frozen and does not hear the request")
            cluster.stop(broker)
        case order.FreezeBroker():
            if frozen:
                raise NotPossible(broker=f"{broker} is frozen already")
            return {"fault": lab.faults.begin(command)}
        case order.ThawBroker():
            if not frozen:
                raise NotPossible(broker=f"{broker} is not frozen")
            cluster.thaw(broker)
        case order.IsolateBroker():
            return {"fault": lab.faults.begin(command)}
    return {}
