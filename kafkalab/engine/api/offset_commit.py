"""OffsetCommit (8): a group notes down what it will read next.

The answer comes when the offsets are replicated.
"""

from typing import TYPE_CHECKING

from kafkalab.engine.coordinators.offsets import commit_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import OffsetCommitResponse

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.groups.commit(request)


def refuse(request: Request, refused: Refused) -> OffsetCommitResponse:
    return commit_refused(request.body, refused.error_code)
