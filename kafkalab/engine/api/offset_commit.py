"""OffsetCommit (8): a group notes down what it will read next.

The answer comes when the offsets are replicated.
"""

from typing import TYPE_CHECKING

from kafkalab.engine.coordinators.offsets import commit_refused, not_there
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import OffsetCommitRequest, OffsetCommitResponse
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> OffsetCommitResponse | None:
    body: OffsetCommitRequest = request.body
    image = broker.metadata
    if all(not_there(topic, it.partition, image) for topic in body.topics for it in topic.partitions):
        # Nothing is left that a coordinator would have to be asked about.
        return commit_refused(body, ErrorCode.none, image)
    try:
        broker.groups.commit(request)
    except Refused as refused:
        broker.router.tell_refusal(request, refused)
        return commit_refused(body, refused.error_code, image)
    return None


def refuse(request: Request, refused: Refused) -> OffsetCommitResponse:
    return commit_refused(request.body, refused.error_code, None)
