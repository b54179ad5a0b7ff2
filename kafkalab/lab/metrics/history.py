"""How the metrics went in the last ten minutes of the lab's time: a sample of each line every few seconds.

A chart has one line for each broker, topic, API or client, so what is kept is bounded by those and by
nothing that comes by the thousand. What counts up is kept as it is; its chart shows how fast it went up.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from kafkalab.lab.metrics import requests
from kafkalab.lab.metrics.metric import ALL, Fold, Kind, Metric, Reading, Times, mean, percentile

SAMPLE_EVERY_US = 5_000_000
KEPT_US = 600_000_000
MOST_LINES = 8
"""Of one chart: those that are greatest now."""
MEAN, NINETY_NINTH = "Mean", "99thPercentile"

LineKey = tuple[Metric, str, str]
"""(metric, what of it: "" or of times Mean and 99thPercentile, the line's label)"""


@dataclass(slots=True)
class Line:
    label: str
    values: list[float | None]
    """At each of the chart's times; None where there was nothing."""


@dataclass(slots=True)
class Chart:
    metric: Metric
    of: str
    """Which number of a metric that has several: Mean, 99thPercentile; "" of all others."""
    times_us: list[int]
    lines: list[Line] = field(default_factory=list)
    left_out: int = 0
    """Lines that there was no room for."""


@dataclass(frozen=True, slots=True)
class Sample:
    at_us: int
    values: dict[LineKey, float]


class History:
    def __init__(self) -> None:
        self.samples: deque[Sample] = deque()

    def go_on_from(self, other: "History") -> None:
        # A sample never changes once it is there.
        self.samples = deque(other.samples)

    def add(self, now_us: int, readings: Iterable[Reading]) -> None:
        while self.samples and self.samples[-1].at_us >= now_us:
            # Time went back: what came after has not happened.
            self.samples.pop()
        while self.samples and self.samples[0].at_us < now_us - KEPT_US:
            self.samples.popleft()
        values = folded(readings)
        if self.samples:
            # A sample's lines are nearly always those of the one before: their names are kept once.
            known = {key: key for key in self.samples[-1].values}
            values = {known.get(key, key): value for key, value in values.items()}
        self.samples.append(Sample(now_us, values))

    def charts(self, metrics: list[Metric], now_us: int, readings: Iterable[Reading]) -> list[Chart]:
        """Of these metrics; `readings` are what they are now."""
        drawn = [metric for metric in metrics if metric.line]
        now = Sample(now_us, folded(reading for reading in readings if reading.metric in drawn))
        past = [sample for sample in self.samples if now_us - KEPT_US <= sample.at_us < now_us]
        samples = [*past, now]
        times = [sample.at_us for sample in samples]
        found = []
        for metric in drawn:
            for of in (MEAN, NINETY_NINTH) if metric.kind is Kind.TIMES else ("",):
                chart = Chart(metric, of, times)
                keys, chart.left_out = _most(samples, metric, of)
                for key in keys:
                    values = [sample.values.get(key) for sample in samples]
                    chart.lines.append(Line(key[2], _per_s(times, values) if metric.kind is Kind.METER else values))
                found.append(chart)
        return found


def folded(readings: Iterable[Reading]) -> dict[LineKey, float]:
    """One number for each line of each chart."""
    values: dict[LineKey, float] = {}
    times: dict[tuple[Metric, str], list[float]] = {}
    for reading in readings:
        metric = reading.metric
        if not metric.line or not requests.is_drawn(reading):
            continue
        label = ALL if metric.line == ALL else reading.labels[metric.labels.index(metric.line)]
        if isinstance(reading.value, Times):
            times.setdefault((metric, label), []).extend(reading.value.last_ms)
            continue
        key = (metric, "", label)
        before = values.get(key)
        if before is None:
            values[key] = reading.value
        else:
            values[key] = before + reading.value if metric.fold is Fold.SUM else max(before, reading.value)
    for (metric, label), all_ms in times.items():
        values[metric, MEAN, label] = mean(tuple(all_ms))
        values[metric, NINETY_NINTH, label] = percentile(sorted(all_ms), 0.99)
    return values


def _most(samples: list[Sample], metric: Metric, of: str) -> tuple[list[LineKey], int]:
    """The lines that there are, by name; where they are too many, those that are greatest at their last."""
    last: dict[LineKey, float] = {}
    for sample in samples:
        for key, value in sample.values.items():
            if key[0] is metric and key[1] == of:
                last[key] = value
    most = sorted(last, key=lambda key: -last[key])[:MOST_LINES]
    return sorted(most, key=lambda key: key[2]), len(last) - len(most)


def _per_s(times_us: list[int], values: list[float | None]) -> list[float | None]:
    """How fast it went up since the sample before. After a start of its process it begins anew with 0."""
    rates: list[float | None] = [None]
    for index in range(1, len(values)):
        before, now = values[index - 1], values[index]
        passed_us = times_us[index] - times_us[index - 1]
        if now is None or passed_us <= 0:
            rates.append(None)
            continue
        # It was not there before, or counts from its beginning again: all of it is new.
        grown = now if before is None or now < before else now - before
        rates.append(grown * 1_000_000 / passed_us)
    return rates
