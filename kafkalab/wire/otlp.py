"""What clients push as their metrics: OpenTelemetry's MetricsData, a message of protocol buffers.

Read as far as the page shows it: the name of each metric and its latest value. A gauge or a sum has a number, a
histogram its count and sum (opentelemetry/proto/metrics/v1/metrics.proto; the encoding is in
protobuf.dev/programming-guides/encoding).
"""

from collections.abc import Iterator
from struct import Struct

from kafkalab.wire.frozen import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_DOUBLE, _SFIXED64, _FIXED64 = Struct("<d"), Struct("<q"), Struct("<Q")
MOST_METRICS = 2_000

# Field numbers.
RESOURCE_METRICS, SCOPE_METRICS, METRICS = 1, 2, 2
NAME, GAUGE, SUM, HISTOGRAM = 1, 5, 7, 9
DATA_POINTS = 1
AS_DOUBLE, AS_INT = 4, 6
COUNT, TOTAL = 4, 5


class NotTelemetry(Exception):
    """The bytes are no MetricsData."""


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    value: float
    """The last point's: its number, or the mean of a histogram."""


def metrics_of(data: bytes) -> list[Metric]:
    """In the order in which they came. Raises NotTelemetry."""
    found: list[Metric] = []
    for _, resource in _parts(data, RESOURCE_METRICS):
        for _, scope in _parts(resource, SCOPE_METRICS):
            for _, metric in _parts(scope, METRICS):
                found += _metric(metric)
                if len(found) > MOST_METRICS:
                    raise NotTelemetry(f"more than {MOST_METRICS} metrics")
    return found


def _metric(data: bytes) -> list[Metric]:
    name, value = "", None
    for number, part in _parts(data, NAME, GAUGE, SUM, HISTOGRAM):
        if number == NAME:
            name = part.decode(errors="replace")
        else:
            for _, point in _parts(part, DATA_POINTS):
                value = _mean(point) if number == HISTOGRAM else _number(point)
    return [] if value is None else [Metric(name, value)]


def _number(data: bytes) -> float | None:
    value: float | None = None
    for number, part in _parts(data, AS_DOUBLE, AS_INT):
        if len(part) == 8:
            value = (_DOUBLE if number == AS_DOUBLE else _SFIXED64).unpack(part)[0]
    return value


def _mean(data: bytes) -> float | None:
    count, total = 0, 0.0
    for number, part in _parts(data, COUNT, TOTAL):
        if len(part) == 8:
            if number == COUNT:
                (count,) = _FIXED64.unpack(part)
            else:
                (total,) = _DOUBLE.unpack(part)
    return total / count if count else None


def _parts(data: bytes, *wanted: int) -> Iterator[tuple[int, bytes]]:
    """(field number, bytes) of the fields with these numbers; others are stepped over."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            _, position = _varint(data, position)
            continue
        if kind == BYTES:
            size, position = _varint(data, position)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise NotTelemetry(f"a field of wire type {kind}")
        end = position + size
        if end > len(data):
            raise NotTelemetry("a field goes beyond the end")
        if number in wanted:
            yield number, data[position:end]
        position = end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise NotTelemetry("a number has no end")
