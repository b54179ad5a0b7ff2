"""Commands that set what counts for whom: quotas, settings of brokers, of groups and of subscriptions to metrics."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.engine.quotas.limits import OF_ADDRESSES, OF_CLIENTS
from kafkalab.lab.parsing import Decimal, Text, Whole

EVERYONE = "*"
"""In the place of a name: the default, for whoever has no quota of its own."""
SettingName = Annotated[str, Text("The setting by Kafka's name.", pattern=r"[a-z.]{1,100}")]
SettingValue = Annotated[str | None, Text("Its value; null takes away what was set here.", longest=1_000)]


@dataclass(frozen=True, slots=True)
class SetClientQuota:
    """Bound what a client may use. Whoever is over it is answered at once, and then not heard for a while."""

    quota: Annotated[str, Text("What is bounded, each second.", choices=(*OF_CLIENTS, *OF_ADDRESSES))]
    limit: Annotated[float | None, Decimal("How much. Empty: take the quota away.", 0, 2.0**62)] = None
    client_id: Annotated[str | None, Text("Whose client id. *: of all without their own.", longest=249)] = None
    user: Annotated[str | None, Text("Whose user name; with a client id: of both.", longest=249)] = None
    ip: Annotated[str | None, Text("Whose address, for connection_creation_rate.", longest=60)] = None


@dataclass(frozen=True, slots=True)
class AlterBrokerConfig:
    """Change a setting of a broker, or of all. It counts at once."""

    name: SettingName
    value: SettingValue = None
    broker: Annotated[int | None, Whole("The broker's id. Empty: of every broker.", 0, 999)] = None


@dataclass(frozen=True, slots=True)
class AlterGroupConfig:
    """Change a setting of a group."""

    group: Annotated[str, Text("The group's id.", longest=249)]
    name: SettingName
    value: SettingValue = None


@dataclass(frozen=True, slots=True)
class SubscribeToMetrics:
    """Ask clients for their metrics: what they push is shown with each client."""

    subscription: Annotated[str, Text("Its name.", pattern=r"[a-zA-Z0-9._-]{1,100}")]
    metrics: Annotated[str | None, Text("Beginnings of their names, or *. Empty: ask no more.", longest=1_000)] = "*"
    interval_ms: Annotated[int, Whole("How often clients push.", 100, 3_600_000)] = 5_000
    match: Annotated[str | None, Text("Which clients, as client_id=app-.*. Empty: all of them.", longest=1_000)] = None


ConfigCommand = SetClientQuota | AlterBrokerConfig | AlterGroupConfig | SubscribeToMetrics
