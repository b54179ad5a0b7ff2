"""Stand-ins for clients of somebody's own: run, and ended."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text, Whole


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


StandInCommand = RunStandIn | RemoveStandIn
