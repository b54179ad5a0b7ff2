"""What a month of 10 MB/s costs at the prices that are shipped: a fact that lessons ask for, as they ask the engine."""

from functools import cache
from pathlib import Path
from typing import Any

from kafkalab.archive.costs import Load, bills, cheapest, read_prices

PRICES = Path(__file__).parents[2] / "fixtures" / "prices.yaml"
DAYS = (1, 7, 30, 365)
ZONES = (1, 3)


@cache
def bills_known() -> dict[str, dict[str, Any]]:
    """By words as "7 days in 1 zone": whole dollars of each way, and which is the cheapest."""
    prices = read_prices(PRICES)
    found: dict[str, dict[str, Any]] = {}
    for zones in ZONES:
        for days in DAYS:
            load = Load(retention_days=days, zones=zones)
            said = f"{days} day{'s' * (days > 1)} in {zones} zone{'s' * (zones > 1)}"
            dollars: dict[str, Any] = {way: round(bill.usd) for way, bill in bills(load, prices).items()}
            found[said] = dollars | {"cheapest": cheapest(load, prices)}
    return found
