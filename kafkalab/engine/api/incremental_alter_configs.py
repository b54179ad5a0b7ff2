"""IncrementalAlterConfigs (44): single settings changed; decided by the controller (KIP-339)."""

from kio.schema.incremental_alter_configs.v1.response import (
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsResponse,
)

from kafkalab.engine.api.forwarding import handle, refused_resources
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> IncrementalAlterConfigsResponse:
    answer: IncrementalAlterConfigsResponse = refused_resources(
        IncrementalAlterConfigsResponse, AlterConfigsResourceResponse, request, refused
    )
    return answer
