"""AlterConfigs (33): settings replaced as a whole; decided by the controller (KIP-133)."""

from kio.schema.alter_configs.v2.response import AlterConfigsResourceResponse, AlterConfigsResponse

from kafkalab.engine.api.forwarding import handle, refused_resources
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> AlterConfigsResponse:
    answer: AlterConfigsResponse = refused_resources(
        AlterConfigsResponse, AlterConfigsResourceResponse, request, refused
    )
    return answer
