"""What a metric is: Kafka's name for it, what it counts, and what a bad value means.

A broker shows its metrics as MBeans. Some beans are one number and have a name
(`kafka.server:type=ReplicaManager,name=LeaderCount`), others have many attributes
(`kafka.consumer:type=consumer-fetch-manager-metrics`, attribute `records-lag-max`).
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

NODE = "node"
"""The label that says whose it is. Kafka has none: there each process is asked by itself."""
ALL = "all"
"""In place of a label: one line for all."""


class Kind(Enum):
    GAUGE = "gauge"
    """A number as it is now."""
    METER = "meter"
    """Counts up as long as its process lives. What is of interest is how fast."""
    TIMES = "times"
    """How long each of many things took."""


class Fold(Enum):
    """What several values become where one line is drawn for them."""

    SUM = "sum"
    MAX = "max"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    group: str
    """Under which heading it is found."""
    bean: str
    """Domain, type and name, as Kafka has them."""
    attribute: str = ""
    """Of a bean that has many."""
    kind: Kind = Kind.GAUGE
    labels: tuple[str, ...] = (NODE,)
    line: str = NODE
    """The label that tells the lines of its chart apart; "" where it has no chart: there would be one for each
    partition."""
    fold: Fold = Fold.SUM
    unit: str
    """Of the value, or of what is counted."""
    meaning: str
    bad: str
    """What a bad value means; "" where no value is bad."""
    source: str
    """Where in the lab it comes from."""
    bad_above: float | None = None
    bad_below: float | None = None
    shown_as: str = ""
    """The name of its rate, where Kafka has another for that."""

    @property
    def name(self) -> str:
        return self.attribute or self.bean.rpartition("name=")[2]

    @property
    def title(self) -> str:
        return self.shown_as or self.name

    @property
    def tags(self) -> tuple[str, ...]:
        """Its labels that Kafka has too."""
        return tuple(label for label in self.labels if label != NODE)


@dataclass(frozen=True, slots=True)
class Times:
    """How long things took, in ms: how many in all, and the last of them."""

    count: int
    last_ms: tuple[float, ...]


class Reading(NamedTuple):
    metric: Metric
    labels: tuple[str, ...]
    """The values of the metric's labels."""
    value: float | Times


def mean(times_ms: tuple[float, ...]) -> float:
    return sum(times_ms) / len(times_ms) if times_ms else 0.0


def percentile(ordered_ms: list[float], share: float) -> float:
    """Of times in order: what so great a share of them does not exceed."""
    if not ordered_ms:
        return 0.0
    return ordered_ms[min(len(ordered_ms) - 1, int(share * len(ordered_ms)))]
