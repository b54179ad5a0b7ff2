"""DescribeCluster (60): the brokers and the cluster's id, without a word on topics (KIP-700, KIP-919)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.describe_cluster.v2.request import DescribeClusterRequest
from kio.schema.describe_cluster.v2.response import DescribeClusterBroker, DescribeClusterResponse
from kio.schema.types import BrokerId
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.api.metadata import NOT_ASKED, random_alive_broker
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ZERO = i32Timedelta.parse(timedelta(0))
BROKERS, CONTROLLERS = 1, 2
"""EndpointType."""
ALL_CLUSTER_OPERATIONS = 0b1_1111_1010_0000
"""One bit for each AclOperation that applies to clusters: without an authorizer all are allowed."""


def handle(broker: "Broker", request: Request) -> DescribeClusterResponse:
    body: DescribeClusterRequest = request.body
    if body.endpoint_type == CONTROLLERS:
        raise Refused(
            ErrorCode.mismatched_endpoint_type,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER",
        )
    if body.endpoint_type != BROKERS:
        raise Refused(ErrorCode.unsupported_endpoint_type, f"Unsupported endpoint type {body.endpoint_type}")
    return DescribeClusterResponse(
        throttle_time=ZERO,
        error_code=ErrorCode.none,
        cluster_id=broker.metadata.cluster_id,
        controller_id=BrokerId(random_alive_broker(broker)),
        brokers=tuple(
            DescribeClusterBroker(
                broker_id=BrokerId(each.broker_id),
                host=each.reached_by(request.listener)[0],
                port=i32(each.reached_by(request.listener)[1]),
                rack=each.rack,
                is_fenced=each.fenced,
            )
            for each in broker.metadata.brokers.values()
            if not each.fenced or body.include_fenced_brokers
        ),
        cluster_authorized_operations=(
            i32(ALL_CLUSTER_OPERATIONS if body.include_cluster_authorized_operations else NOT_ASKED)
        ),
    )


def refuse(request: Request, refused: Refused) -> DescribeClusterResponse:
    return DescribeClusterResponse(
        throttle_time=ZERO,
        error_code=refused.error_code,
        error_message=refused.message,
        cluster_id="",
        brokers=(),
    )
