"""Metrics as Prometheus text, with the names that the usual rules of the JMX exporter make of Kafka's.

`kafka.server:type=ReplicaManager,name=IsrShrinksPerSec` is `kafka_server_replicamanager_isrshrinks_total`,
`kafka.consumer:type=consumer-fetch-manager-metrics`, attribute `records-lag-max`, is
`kafka_consumer_consumer_fetch_manager_metrics_records_lag_max`. What tells labs and processes apart stands
in the labels `lab` and `node`, where a scrape of real brokers has `instance`.

The server's own page of it has the labs that are everybody's and those of whoever asks. One lab's page is
its owner's, who is known by the browser's cookie or, as a scraper has none, by the lab's user and password.
On a network the home lab's are the instructor's, and a scraper's that has the server's token (RFC 6750).
"""

import base64
import binascii
import re
import secrets
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family

from kafkalab.lab import BRANCH_SIGN, METRICS, NODE, Kind, Lab, Metric, Reading, Tenant, Times, percentile
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

QUANTILES = (0.5, 0.95, 0.99)
_NO_LETTER = re.compile(r"[^a-zA-Z0-9_]")


@require_safe
@never_cache
async def of_server(request: HttpRequest) -> HttpResponse:
    """The labs that are everybody's or, on a network, the instructor's; and those of the asker that are awake.
    To be asked wakes nobody."""
    token = _said(request, "bearer")
    scrapes = bool(settings.METRICS_TOKEN) and secrets.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    if token and not scrapes:
        # A scraper that is told nothing would take it for an empty server.
        return HttpResponse("This is not the token.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    owner = owner_of(request)
    own = open_labs.many.owned_by(owner) if open_labs.many is not None and owner else []
    labs = dict(open_labs.by_name if scrapes else open_labs.common)
    labs |= {tenant.name: tenant.lab for tenant in own if tenant.lab is not None}
    return _answer(request, labs)


@require_safe
@never_cache
async def of_lab(request: HttpRequest, name: str) -> HttpResponse:
    """Of a branch too, to whom its lab is shown."""
    trunk, sign, branch = name.partition(BRANCH_SIGN)
    lab = open_labs.common.get(trunk) or (await _tenant(request, trunk)).lab
    if lab is None:
        # A scraper asks again and again: that is no use of the lab, and must not wake it or keep it awake.
        return _answer(request, {})
    found = lab.family.named(branch) if sign else lab
    if found is None:
        raise Http404(f"There is no branch {branch} of {trunk}.")
    return _answer(request, {name: found})


async def _tenant(request: HttpRequest, name: str) -> Tenant:
    """Raises Http404, with the same words whether there is no such lab or it is somebody else's."""
    user, password = _credentials(request)
    known = open_labs.many.by_name.get(name) if open_labs.many is not None else None
    if known is not None and user == known.user and secrets.compare_digest(password.encode(), known.password.encode()):
        return known
    tenant, _ = await open_labs.known(name, owner_of(request))
    return tenant


def _credentials(request: HttpRequest) -> tuple[str, str]:
    """Of HTTP's basic authentication (RFC 7617)."""
    try:
        user, _, password = base64.b64decode(_said(request, "basic"), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _said(request: HttpRequest, scheme: str) -> str:
    """What stands behind that scheme of authorization; "" where it is another one."""
    named, _, said = request.headers.get("Authorization", "").partition(" ")
    return str(said) if named.lower() == scheme else ""


def _answer(request: HttpRequest, labs: dict[str, Lab]) -> HttpResponse:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(labs))
    encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encoder(registry), content_type=content_type)


class Collected:
    """What the Prometheus library asks for the families of metrics."""

    def __init__(self, labs: dict[str, Lab]) -> None:
        self.labs = labs

    def collect(self) -> Iterable[Family]:
        families: dict[str, Family] = {}
        for name, lab in self.labs.items():
            for reading in lab.metrics.read_all():
                family = families.get(name_of(reading.metric))
                if family is None:
                    family = families[name_of(reading.metric)] = _family(reading.metric)
                for suffix, labels, value in _samples(reading):
                    family.add_sample(name_of(reading.metric) + suffix, {"lab": name, **labels}, value)
        return families.values()


def documented() -> list[tuple[str, Metric]]:
    """Every metric by the name that it has here, in the order of the page."""
    return [(name_of(metric) + ("_total" if is_counter(metric) else ""), metric) for metric in METRICS]


def name_of(metric: Metric) -> str:
    """Of the family, without `_total`."""
    domain, _, keys = metric.bean.partition(":")
    parts = [part.partition("=")[2] for part in keys.split(",")]
    whole = "_".join([domain, *parts, *([metric.attribute] if metric.attribute else [])])
    whole = whole.removesuffix("-total").removesuffix("PerSec")
    return _NO_LETTER.sub("_", whole).lower()


def is_counter(metric: Metric) -> bool:
    """Attributes that count up without saying so in their name are gauges to the JMX exporter."""
    return metric.kind is Kind.METER and not metric.attribute.endswith("-count")


def _family(metric: Metric) -> Family:
    if metric.kind is Kind.TIMES:
        return Family(name_of(metric), metric.meaning, "summary")
    return Family(name_of(metric), metric.meaning, "counter" if is_counter(metric) else "gauge")


def _samples(reading: Reading) -> Iterator[tuple[str, dict[str, str], float]]:
    metric = reading.metric
    said = zip(metric.labels, reading.labels, strict=True)
    labels = {label if label == NODE else _NO_LETTER.sub("_", label): value for label, value in said}
    if isinstance(reading.value, Times):
        ordered = sorted(reading.value.last_ms)
        for share in QUANTILES:
            yield "", {**labels, "quantile": str(share)}, percentile(ordered, share)
        yield "_count", labels, reading.value.count
        return
    yield "_total" if is_counter(metric) else "", labels, reading.value
