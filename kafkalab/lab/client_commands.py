"""What a person can do to clients, besides making them, changing them and closing them."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text, Whole

ClientName = Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,60}")]


@dataclass(frozen=True, slots=True)
class CrashProducer:
    """Kill a producer. What it has not sent is gone, and what it was not told of it does not know."""

    name: ClientName


@dataclass(frozen=True, slots=True)
class RunStandIn:
    """Run a stand-in for a program of somebody's own. The lab knows of it what it asks, as of every real client."""

    client_id: Annotated[str, Text("Its client.id.", pattern=r"[a-zA-Z0-9._-]{1,60}")]
    topic: Annotated[str, Text("What it writes to or reads.", pattern=r"[a-zA-Z0-9._-]{1,249}")]
    role: Annotated[str, Text("What it does.", choices=("producer", "consumer"))] = "producer"
    bootstrap_broker: Annotated[int, Whole("The only broker whose address it is given.", 0, 999)] = 1
    software_name: Annotated[
        str, Text("What it tells the brokers that it is made with.", pattern=r"[a-zA-Z0-9._-]{1,60}")
    ] = "stand-in"
    rate: Annotated[int, Whole("Records a second, of a producer.", 1, 1_000)] = 1
    limit: Annotated[int | None, Whole("Stop after so many records. Empty: never.", 1, 2**40)] = None
    group: Annotated[str | None, Text("The group of a consumer. Empty: none.", longest=249)] = None


@dataclass(frozen=True, slots=True)
class RemoveStandIn:
    """End a stand-in: it sends what it still holds, then leaves."""

    client_id: Annotated[str, Text("Its client.id.", pattern=r"[a-zA-Z0-9._-]{1,60}")]


ClientCommand = CrashProducer | RunStandIn | RemoveStandIn
