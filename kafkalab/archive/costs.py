"""What a month costs: a topic kept in Kafka on machines of one's own, in a managed Kafka, in one with tiered storage,
or piped by a firehose into object storage.

Pure arithmetic over a load and prices; `fixtures/prices.yaml` has the prices with their sources. GB are 10^9 bytes.
What is left out: people, support, discounts, the producers' and readers' own machines, and traffic to the internet.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

HOURS = 730
"""Of a month."""
SECONDS = HOURS * 3600
DAY_S = 86_400
MACHINE_MB_PER_S = 50
"""In and out of one broker's machine together, with some to spare for catching up."""
MACHINE_GB = 16_000
"""The largest disk of one machine."""
FULL_AT_MOST = 0.6
"""Of a disk: the rest is for the day on which a consumer, or a broker, is late."""
SEGMENT_MB = 1_074
OBJECTS_A_SEGMENT = 3
"""Of tiered storage: the log, and its indexes."""
LOCAL_DAYS = 1
"""What tiered storage keeps on the brokers' disks."""
FIREHOSE_STEP_BYTES = 5_000
ELSEWHERE = 2 / 3
"""Of the requests that go to a leader, when brokers and clients are spread over three zones."""
MB_OF_MIB = 1.048576
DAYS = (1, 2, 3, 5, 7, 14, 30, 60, 90, 180, 365)
WAYS = {
    "own": "Kafka on machines of one's own",
    "managed": "Managed Kafka",
    "tiered": "Kafka with tiered storage",
    "firehose": "Firehose and object storage",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What is written, how long it is kept, and how often it is read."""

    mb_per_s: float = 10
    record_bytes: int = 1_000
    retention_days: float = 7
    replication_factor: int = 3
    readers: int = 2
    """Groups, each of which reads everything."""
    zones: int = 3
    """1: everything stands in one place. 3: each replica in another one, and so are clients."""
    buffer_mib: int = 5
    buffer_s: int = 300

    @property
    def gb_a_month(self) -> float:
        return self.mb_per_s * SECONDS / 1000

    @property
    def kept_gb(self) -> float:
        """Once."""
        return self.gb_kept_for(self.retention_days)

    def gb_kept_for(self, days: float) -> float:
        return self.mb_per_s * DAY_S * days / 1000


@dataclass(frozen=True, slots=True)
class Price:
    usd: float
    unit: str
    what: str
    source: str
    known: str
    """The month of which it is known."""


Prices = dict[str, Price]


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    how: str
    """The calculation, for whoever wants to check it."""
    usd: float


@dataclass(frozen=True, slots=True)
class Bill:
    way: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)


def read_prices(file: Path) -> Prices:
    said: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["prices"]
    return {
        name: Price(float(it["usd"]), it["unit"], it["what"], it["source"], str(it["known"]))
        for name, it in said.items()
    }


def bills(load: Load, prices: Prices) -> dict[str, Bill]:
    """Of a month in which as much is kept as retention says, by way."""
    usd = {name: price.usd for name, price in prices.items()}
    made = (_own(load, usd), _managed(load, usd), _tiered(load, usd), _firehose(load, usd))
    return {bill.way: bill for bill in made}


def by_retention(load: Load, prices: Prices, days: tuple[float, ...] = DAYS) -> dict[str, list[float]]:
    """What each way costs when records are kept for so long, all else being the same."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for each in days:
        for way, bill in bills(replace(load, retention_days=each), prices).items():
            found[way].append(bill.usd)
    return found


def cheapest(load: Load, prices: Prices) -> str:
    made = bills(load, prices)
    return min(made, key=lambda way: made[way].usd)


# -- the four ways -----------------------------------------------------------------------------------------------


def _own(load: Load, usd: dict[str, float]) -> Bill:
    machines = _machines(load, load.kept_gb)
    return Bill(
        "own",
        (
            _machine_hours(machines, usd["machine_hour"]),
            _disks(load, load.kept_gb, usd["disk_gb_month"]),
            *_replication(load, usd["zone_gb"]),
            *_clients(load, usd["zone_gb"]),
        ),
    )


def _managed(load: Load, usd: dict[str, float]) -> Bill:
    """Its price has the traffic between brokers in it, and not that of clients."""
    machines = _machines(load, load.kept_gb)
    return Bill(
        "managed",
        (
            _machine_hours(machines, usd["managed_broker_hour"]),
            _disks(load, load.kept_gb, usd["managed_gb_month"]),
            *_clients(load, usd["zone_gb"]),
        ),
    )


def _tiered(load: Load, usd: dict[str, float]) -> Bill:
    """Closed segments lie in object storage, once; the newest days also on the disks of the brokers."""
    local_gb = load.gb_kept_for(min(LOCAL_DAYS, load.retention_days))
    puts = load.gb_a_month * 1000 / SEGMENT_MB * OBJECTS_A_SEGMENT
    return Bill(
        "tiered",
        (
            _machine_hours(_machines(load, local_gb), usd["machine_hour"]),
            _disks(load, local_gb, usd["disk_gb_month"]),
            *_replication(load, usd["zone_gb"]),
            *_clients(load, usd["zone_gb"]),
            _objects(load.kept_gb, usd["object_gb_month"]),
            _requests("Writing segments", puts, usd["put_1000"]),
        ),
    )


def _firehose(load: Load, usd: dict[str, float]) -> Bill:
    """No Kafka at all: producers send to the firehose, readers read objects. Each record counts as full steps."""
    counted = math.ceil(load.record_bytes / FIREHOSE_STEP_BYTES) * FIREHOSE_STEP_BYTES / load.record_bytes
    taken_gb = load.gb_a_month * counted
    object_mb = min(load.buffer_mib * MB_OF_MIB, load.mb_per_s * load.buffer_s)
    objects = load.gb_a_month * 1000 / object_mb
    taken = Line(
        "Taking records in",
        f"{load.gb_a_month:,.0f} GB x {counted:.3g} (steps of 5 KB) x {usd['firehose_gb']}",
        taken_gb * usd["firehose_gb"],
    )
    return Bill(
        "firehose",
        (
            taken,
            _objects(load.kept_gb, usd["object_gb_month"]),
            _requests("Writing objects", objects, usd["put_1000"]),
            _requests("Reading objects", objects * load.readers, usd["get_1000"]),
        ),
    )


# -- parts -------------------------------------------------------------------------------------------------------


def _machines(load: Load, kept_gb: float) -> int:
    through_mb_per_s = load.mb_per_s * (load.replication_factor + load.replication_factor - 1 + load.readers)
    by_disk = kept_gb * load.replication_factor / FULL_AT_MOST / MACHINE_GB
    return max(load.replication_factor, math.ceil(through_mb_per_s / MACHINE_MB_PER_S), math.ceil(by_disk))


def _machine_hours(machines: int, usd: float) -> Line:
    return Line("Machines", f"{machines} x {HOURS} h x {usd}", machines * HOURS * usd)


def _disks(load: Load, kept_gb: float, usd: float) -> Line:
    stored_gb = kept_gb * load.replication_factor / FULL_AT_MOST
    how = f"{kept_gb:,.0f} GB x {load.replication_factor} replicas / {FULL_AT_MOST} full x {usd}"
    return Line("Disks", how, stored_gb * usd)


def _replication(load: Load, usd: float) -> tuple[Line, ...]:
    copies = load.replication_factor - 1
    if load.zones == 1 or not copies:
        return ()
    how = f"{load.gb_a_month:,.0f} GB x {copies} followers x {usd}"
    return (Line("Replication between zones", how, load.gb_a_month * copies * usd),)


def _clients(load: Load, usd: float) -> tuple[Line, ...]:
    if load.zones == 1:
        return ()
    how = f"{load.gb_a_month:,.0f} GB x (1 producer + {load.readers} readers) x 2/3 elsewhere x {usd}"
    return (Line("Clients in other zones", how, load.gb_a_month * (1 + load.readers) * ELSEWHERE * usd),)


def _objects(kept_gb: float, usd: float) -> Line:
    return Line("Object storage", f"{kept_gb:,.0f} GB x {usd}", kept_gb * usd)


def _requests(what: str, count: float, usd_1000: float) -> Line:
    return Line(what, f"{count:,.0f} requests x {usd_1000} / 1,000", count / 1000 * usd_1000)
