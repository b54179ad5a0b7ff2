"""Requests: how many of each kind, how many with which error, and how long they took."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.lab.metrics.counted import FETCH_CONSUMER, FETCH_FOLLOWER, Counted, Served, together
from kafkalab.lab.metrics.metric import NODE, Fold, Kind, Metric, Reading, Times
from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.errors import constant

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP = "Requests"
NONE = "NONE"
FETCH = name_of(ApiKey.FETCH)
_BEAN = "kafka.network:type=RequestMetrics,name="

REQUESTS = Metric(
    group=GROUP,
    bean=_BEAN + "RequestsPerSec",
    kind=Kind.METER,
    labels=(NODE, "request", "version"),
    line="request",
    unit="requests",
    meaning="Requests of this API that were answered, by the version that the client spoke.",
    bad="A flood of Metadata or FindCoordinator: clients look for a leader or a coordinator that is not there.",
    source="messages on the lab's network; between brokers too",
)
ERRORS = Metric(
    group=GROUP,
    bean=_BEAN + "ErrorsPerSec",
    kind=Kind.METER,
    labels=(NODE, "request", "error"),
    line="error",
    unit="errors",
    bad_above=0,
    meaning="Error codes in answers, one for each partition that has one; as NONE, answers without any (not drawn).",
    bad="Some pass by themselves, as NOT_LEADER_OR_FOLLOWER after an election; look for those that stay.",
    source="the error codes in the answers on the lab's network",
)
TOTAL_TIME = Metric(
    group=GROUP,
    bean=_BEAN + "TotalTimeMs",
    kind=Kind.TIMES,
    labels=(NODE, "request"),
    line="request",
    fold=Fold.MAX,
    unit="ms",
    meaning="From the arrival of a request at its broker until the answer leaves, waiting included.",
    bad="Produce with acks=all waits for followers, Fetch for records (up to fetch.max.wait.ms): that is no fault.",
    source="messages on the lab's network, in the lab's own time: the last 256 of each API on each broker",
)
METRICS = (REQUESTS, ERRORS, TOTAL_TIME)


NAMES = {FETCH_CONSUMER: "FetchConsumer", FETCH_FOLLOWER: "FetchFollower"}


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for node, of in counted.nodes.items():
        for api_key, served in of.apis.items():
            yield from _of_api(node, NAMES.get(api_key) or name_of(api_key), served)
        fetches = [of.apis[key] for key in NAMES if key in of.apis]
        if fetches:
            yield from _of_api(node, FETCH, together(fetches))


def _of_api(node: str, api: str, served: Served) -> Iterator[Reading]:
    for version, count in served.versions.items():
        yield Reading(REQUESTS, (node, api, str(version)), count)
    yield Reading(ERRORS, (node, api, NONE), served.fine)
    for code, count in served.errors.items():
        yield Reading(ERRORS, (node, api, constant(code)), count)
    yield Reading(TOTAL_TIME, (node, api), Times(served.count, tuple(served.last_ms)))


def is_drawn(reading: Reading) -> bool:
    """Answers without an error would hide all others; and of fetches, clients and followers are drawn apart."""
    if reading.metric is ERRORS and reading.labels[2] == NONE:
        return False
    return reading.metric not in METRICS or reading.labels[1] != FETCH
