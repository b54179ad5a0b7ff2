"""The page of the calculator: what a month costs in each way, and how that grows with retention.

Load and prices stand in the address, so that a calculation can be kept and shown. What is left empty, or makes no
sense, is as it was shipped.
"""

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kafkalab.archive.costs import DAYS, WAYS, Load, Prices, bills, by_retention, cheapest, read_prices
from kafkalab.web.labs.open_labs import HOME

PRICES = settings.BASE_DIR / "fixtures" / "prices.yaml"
LEFT, RIGHT, TOP, BOTTOM = 70.0, 780.0, 14.0, 330.0
"""In a drawing of 1,010 by 370: at the right the lines have their names."""
APART = 17.0
"""Between two names, at least."""
WORDS = {
    "mb_per_s": (gettext_lazy("MB written a second"), 0.001, 10_000),
    "record_bytes": (gettext_lazy("Bytes of a record"), 1, 1_000_000),
    "retention_days": (gettext_lazy("Days that it is kept"), 0.1, 3_650),
    "replication_factor": (gettext_lazy("Replicas"), 1, 5),
    "readers": (gettext_lazy("Groups that read all of it"), 0, 100),
    "zones": (gettext_lazy("Zones (1 or 3)"), 1, 3),
    "buffer_mib": (gettext_lazy("Firehose: buffer in MiB"), 1, 128),
    "buffer_s": (gettext_lazy("Firehose: buffer in seconds"), 1, 900),
}
FRACTIONS = ("mb_per_s", "retention_days")
DEAREST = 1_000_000


@dataclass(frozen=True, slots=True)
class Curve:
    way: str
    title: str
    points: str
    name_y: float
    number: int


@cache
def shipped() -> Prices:
    return read_prices(PRICES)


@require_safe
def costs(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    load, prices = _load(asked), _prices(asked)
    made = bills(load, prices)
    curves = by_retention(load, prices)
    context: dict[str, Any] = {
        "home": HOME,
        "load": [
            {"name": name, "label": label, "value": _text(getattr(load, name)), "least": low, "most": high}
            for name, (label, low, high) in WORDS.items()
        ],
        "known": _months(prices),
        "prices": [
            {"name": name, "price": price, "value": _text(price.usd), "changed": price != shipped()[name]}
            for name, price in prices.items()
        ],
        "bills": [
            {
                "way": way,
                "title": WAYS[way],
                "usd": _dollars(bill.usd),
                "lines": [(line, f"${line.usd:,.2f}") for line in bill.lines],
                "is_cheapest": way == cheapest(load, prices),
            }
            for way, bill in made.items()
        ],
        "picture": _picture(curves, load.retention_days),
        "rows": [(days, [_dollars(curves[way][at]) for way in WAYS]) for at, days in enumerate(DAYS)],
        "ways": WAYS,
    }
    return render(request, "archive/costs.html", context)


def _load(asked: QueryDict) -> Load:
    said: dict[str, Any] = {}
    for name, (_, low, high) in WORDS.items():
        value = _number(asked.get(name, ""), low, high)
        if value is not None:
            said[name] = value if name in FRACTIONS else round(value)
    load = replace(Load(), **said)
    return replace(load, zones=3) if load.zones == 2 else load


def _prices(asked: QueryDict) -> Prices:
    found: Prices = {}
    for name, price in shipped().items():
        value = _number(asked.get(f"price-{name}", ""), 0, DEAREST)
        found[name] = price if value is None or value == price.usd else replace(price, usd=value)
    return found


def _number(said: str, low: float, high: float) -> float | None:
    try:
        value = float(said)
    except ValueError:
        return None
    return min(max(value, low), high) if math.isfinite(value) else None


def _months(prices: Prices) -> str:
    """Of which the prices are known."""
    return ", ".join(sorted({price.known for price in prices.values()}))


def _text(value: float) -> str:
    """As a field for numbers takes it, in any language."""
    return f"{value:.10g}"


def _dollars(usd: float) -> str:
    return f"${usd:,.0f}"


def _picture(curves: dict[str, list[float]], chosen_days: float) -> dict[str, Any]:
    """Both axes grow by tens: what doubles is everywhere as far apart."""
    everything = [max(usd, 0.01) for values in curves.values() for usd in values]
    low, high = math.floor(math.log10(min(everything))), math.ceil(math.log10(max(everything)))
    high = max(high, low + 1)

    def x(days: float) -> float:
        return round(LEFT + math.log(days / DAYS[0]) / math.log(DAYS[-1] / DAYS[0]) * (RIGHT - LEFT), 1)

    def y(usd: float) -> float:
        return round(BOTTOM - (math.log10(max(usd, 0.01)) - low) / (high - low) * (BOTTOM - TOP), 1)

    ends = sorted((y(values[-1]), way) for way, values in curves.items())
    names: dict[str, float] = {}
    above = -APART
    for at, way in ends:
        above = names[way] = max(at + 4, above + APART)
    drawn = [
        Curve(
            way,
            WAYS[way],
            " ".join(f"{x(days)},{y(usd)}" for days, usd in zip(DAYS, curves[way], strict=True)),
            round(names[way], 1),
            number,
        )
        for number, way in enumerate(WAYS)
    ]
    return {
        "curves": drawn,
        "days": [(x(days), days) for days in DAYS if days not in (2, 5, 60, 180)],
        "usd": [(y(10**power), f"${10**power:,}") for power in range(low, high + 1)],
        "chosen": x(min(max(chosen_days, DAYS[0]), DAYS[-1])),
    }
