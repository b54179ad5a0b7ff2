"""AlterClientQuotas (49): how much clients may use; decided by the controller (KIP-546)."""

from kio.schema.alter_client_quotas.v1.response import AlterClientQuotasResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.quotas.altering import alteration_refused
from kafkalab.engine.refused import Refused

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> AlterClientQuotasResponse:
    return alteration_refused(request.body, refused)
