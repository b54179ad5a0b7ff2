"""PushTelemetry (72): a client's metrics, as it was asked for them (KIP-714)."""

from typing import TYPE_CHECKING

from kio.schema.push_telemetry.v0.response import PushTelemetryResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> PushTelemetryResponse:
    broker.telemetry.push(request)
    return PushTelemetryResponse(throttle_time=NOT_THROTTLED, error_code=ErrorCode.none)


def refuse(request: Request, refused: Refused) -> PushTelemetryResponse:
    return PushTelemetryResponse(throttle_time=NOT_THROTTLED, error_code=refused.error_code)
