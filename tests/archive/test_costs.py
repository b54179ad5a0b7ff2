"""What a month costs, computed by hand beside what the calculator says."""

from dataclasses import replace
from pathlib import Path

import pytest

from kafkalab.archive.costs import Load, Price, bills, by_retention, cheapest, read_prices

PRICES = read_prices(Path(__file__).parents[2] / "fixtures" / "prices.yaml")
LOAD = Load(mb_per_s=10, record_bytes=1_000, retention_days=7, replication_factor=3, readers=2, zones=3)


def lines(way: str, load: Load) -> dict[str, float]:
    return {line.what: round(line.usd, 2) for line in bills(load, PRICES)[way].lines}


def test_machines_of_ones_own() -> None:
    # 10 MB/s are 26,280 GB in 730 hours, and 6,048 GB in seven days.
    # Through the brokers go 10 x (3 written + 2 copied + 2 read) = 70 MB/s: two machines; three replicas need three.
    # Machines: 3 x 730 h x 0.0816 = 178.70. Disks: 6,048 x 3 / 0.6 = 30,240 GB x 0.08 = 2,419.20.
    # Replication: 26,280 GB x 2 x 0.02 = 1,051.20. Clients: 26,280 x 3 x 2/3 x 0.02 = 1,051.20.
    assert lines("own", LOAD) == {
        "Machines": 178.70,
        "Disks": 2_419.20,
        "Replication between zones": 1_051.20,
        "Clients in other zones": 1_051.20,
    }
    assert round(bills(LOAD, PRICES)["own"].usd, 2) == 4_700.30


def test_managed_kafka() -> None:
    # 3 x 730 h x 0.21 = 459.90; 30,240 GB x 0.10 = 3,024; clients as above; replication is in the price.
    assert lines("managed", LOAD) == {"Machines": 459.90, "Disks": 3_024.00, "Clients in other zones": 1_051.20}


def test_tiered_storage() -> None:
    # On disks one day: 864 GB x 3 / 0.6 = 4,320 GB x 0.08 = 345.60. In the store all seven: 6,048 x 0.023 = 139.10.
    # 26,280,000 MB / 1,074 MB x 3 objects = 73,408 requests x 0.005 / 1,000 = 0.37.
    assert lines("tiered", replace(LOAD, zones=1)) == {
        "Machines": 178.70,
        "Disks": 345.60,
        "Object storage": 139.10,
        "Writing segments": 0.37,
    }


def test_a_firehose_counts_each_record_in_steps_of_5_kb() -> None:
    # A record of 1,000 bytes counts as 5,000: 26,280 GB x 5 x 0.029 = 3,810.60.
    # 26,280,000 MB / 5.24288 MB = 5,012,512 objects: x 0.005 / 1,000 = 25.06; read twice: x 2 x 0.0004 / 1,000 = 4.01.
    assert lines("firehose", LOAD) == {
        "Taking records in": 3_810.60,
        "Object storage": 139.10,
        "Writing objects": 25.06,
        "Reading objects": 4.01,
    }
    # A record of 5,000 bytes counts as it is: 26,280 x 0.029 = 762.12.
    assert lines("firehose", replace(LOAD, record_bytes=5_000))["Taking records in"] == 762.12


def test_at_a_low_rate_time_makes_the_objects_small_and_many() -> None:
    # 0.001 MB/s for 300 s are 0.3 MB an object: 2,628 MB a month / 0.3 = 8,760 objects x 0.005 / 1,000 = 0.04.
    assert lines("firehose", replace(LOAD, mb_per_s=0.001))["Writing objects"] == 0.04


def test_neither_kafka_nor_the_store_is_always_cheaper() -> None:
    in_one_place = replace(LOAD, zones=1)
    assert cheapest(replace(in_one_place, retention_days=1), PRICES) == "own"
    assert cheapest(replace(in_one_place, retention_days=365), PRICES) == "tiered"
    assert cheapest(replace(LOAD, record_bytes=5_000), PRICES) == "firehose"
    curve = by_retention(in_one_place, PRICES, (1, 365))
    assert curve["own"][0] < curve["firehose"][0]
    assert curve["own"][1] > curve["firehose"][1]


def test_another_price_is_another_bill() -> None:
    dear = PRICES | {"object_gb_month": Price(1, "GB and month", "", "", "")}
    assert round(bills(LOAD, dear)["firehose"].lines[1].usd, 2) == 6_048


@pytest.mark.parametrize("name", sorted(PRICES))
def test_each_price_says_where_it_is_from_and_of_when(name: str) -> None:
    price = PRICES[name]
    assert price.usd > 0
    assert price.source.startswith("https://")
    assert len(price.known) == 7
    assert price.what
