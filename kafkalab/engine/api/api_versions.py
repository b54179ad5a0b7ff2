"""ApiVersions (18): what this broker answers, in which versions (KIP-35, KIP-511, KIP-584).

The list is made from what there is: the requests that have a route, in the versions that can be
translated. Nothing is advertised that would not be answered.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.api_versions.v4.request import ApiVersionsRequest
from kio.schema.api_versions.v4.response import (
    ApiVersion,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from kio.static.primitive import i16, i32Timedelta, i64

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ZERO = i32Timedelta.parse(timedelta(0))
SUPPORTED_FEATURES = {
    "eligible.leader.replicas.version": (0, 1),
    "group.version": (0, 1),
    "kraft.version": (0, 1),
    "metadata.version": (7, 30),
    "transaction.version": (0, 2),
    "share.version": (0, 1),
}
"""Least and greatest level; of the metadata 3.3-IV3 to 4.3-IV0."""
FIRST_VERSION_WITH_SOFTWARE = 3
PRODUCE_ADVERTISED_FROM = 0
"""Not answered before 3, but librdkafka goes by it to know which compressions a broker takes (KAFKA-18659)."""

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?")


def handle(broker: "Broker", request: Request) -> ApiVersionsResponse:
    body: ApiVersionsRequest = request.body
    names = (body.client_software_name, body.client_software_version)
    if request.api_version >= FIRST_VERSION_WITH_SOFTWARE and not all(map(_SOFTWARE.fullmatch, names)):
        raise Refused(ErrorCode.invalid_request)
    broker.software[request.source] = names
    features = dict(broker.metadata.features)
    if broker.metadata_follower.kraft_version:
        # Not a record of the metadata but of the quorum, and told among them.
        features["kraft.version"] = broker.metadata_follower.kraft_version
    return ApiVersionsResponse(
        error_code=ErrorCode.none,
        api_keys=advertised(broker.routes),
        throttle_time=ZERO,
        supported_features=_supported(),
        finalized_features_epoch=i64(broker.metadata.offset),
        finalized_features=tuple(
            FinalizedFeatureKey(name=name, min_version_level=i16(level), max_version_level=i16(level))
            for name, level in features.items()
        ),
    )


def before_login(routes: Iterable[int], body: ApiVersionsRequest | None) -> ApiVersionsResponse:
    """What a listener says that many clusters share, while nobody knows to which one the client will come. No
    feature is finalized there; None is for a request in a version that nobody can read."""
    error = ErrorCode.none if body is not None else ErrorCode.unsupported_version
    return ApiVersionsResponse(
        error_code=error, api_keys=advertised(routes), throttle_time=ZERO, supported_features=_supported()
    )


def _supported() -> tuple[SupportedFeatureKey, ...]:
    return tuple(
        SupportedFeatureKey(name=name, min_version=i16(least), max_version=i16(greatest))
        for name, (least, greatest) in SUPPORTED_FEATURES.items()
    )


def refuse(request: Request, refused: Refused) -> ApiVersionsResponse:
    return ApiVersionsResponse(error_code=refused.error_code, api_keys=(), throttle_time=ZERO)


def advertised(routes: Iterable[int]) -> tuple[ApiVersion, ...]:
    """The versions of every API that has a route."""
    return tuple(
        ApiVersion(
            api_key=i16(int(key)),
            min_version=i16(PRODUCE_ADVERTISED_FROM if key == ApiKey.PRODUCE else SERVED[key][0]),
            max_version=i16(SERVED[key][-1]),
        )
        for key in sorted(routes)
        if key in SERVED
    )
