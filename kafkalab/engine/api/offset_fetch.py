"""OffsetFetch (9): where groups will read on; each group with an error of its own (KIP-709)."""

from typing import TYPE_CHECKING

from kafkalab.engine.coordinators.offsets import fetch_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import OffsetFetchResponse

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> OffsetFetchResponse:
    return OffsetFetchResponse(tuple(broker.groups.fetch(asked) for asked in request.body.groups))


def refuse(request: Request, refused: Refused) -> OffsetFetchResponse:
    return OffsetFetchResponse(tuple(fetch_refused(asked, refused.error_code) for asked in request.body.groups))
