"""DescribeClientQuotas (48): which quotas are set, as this broker's metadata has it (KIP-546)."""

from typing import TYPE_CHECKING

from kio.schema.describe_client_quotas.v1.response import DescribeClientQuotasResponse

from kafkalab.engine.node import Request
from kafkalab.engine.quotas.altering import describe_client_quotas, description_refused
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeClientQuotasResponse:
    return describe_client_quotas(broker.metadata, request.body)


def refuse(request: Request, refused: Refused) -> DescribeClientQuotasResponse:
    return description_refused(refused)
