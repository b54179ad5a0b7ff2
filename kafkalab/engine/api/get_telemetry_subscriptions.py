"""GetTelemetrySubscriptions (71): which of its metrics a client shall push, and how often (KIP-714)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.get_telemetry_subscriptions.v0.response import GetTelemetrySubscriptionsResponse
from kio.static.primitive import i8, i32, i32Timedelta

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.telemetry.client_telemetry import ACCEPTED
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> GetTelemetrySubscriptionsResponse:
    instance = broker.telemetry.subscribe(request, request.body.client_instance_id)
    return GetTelemetrySubscriptionsResponse(
        throttle_time=NOT_THROTTLED,
        error_code=ErrorCode.none,
        client_instance_id=instance.id,
        subscription_id=i32(instance.subscription_id),
        accepted_compression_types=tuple(i8(codec) for codec in ACCEPTED),
        push_interval=i32Timedelta.parse(timedelta(milliseconds=instance.interval_ms)),
        telemetry_max_bytes=i32(broker.config.telemetry_max_bytes),
        delta_temporality=True,
        requested_metrics=instance.metrics,
    )


def refuse(request: Request, refused: Refused) -> GetTelemetrySubscriptionsResponse:
    return GetTelemetrySubscriptionsResponse(
        throttle_time=NOT_THROTTLED,
        error_code=refused.error_code,
        client_instance_id=None,
        subscription_id=i32(0),
        accepted_compression_types=(),
        push_interval=NOT_THROTTLED,
        telemetry_max_bytes=i32(0),
        delta_temporality=False,
        requested_metrics=(),
    )
