"""AddOffsetsToTxn (25): the offsets of a group are going to be committed in a transaction.

To the coordinator that is one partition more: the one of `__consumer_offsets` where the group lies.
"""

from typing import TYPE_CHECKING

from kio.schema.add_offsets_to_txn.v4.request import AddOffsetsToTxnRequest
from kio.schema.add_offsets_to_txn.v4.response import AddOffsetsToTxnResponse

from kafkalab.engine.coordinators.records import OFFSETS_TOPIC
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions import answers
from kafkalab.engine.transactions.deciding import Producer
from kafkalab.engine.transactions.metadata import VERSION_0
from kafkalab.engine.transactions.sequels import OffsetsAdded
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> AddOffsetsToTxnResponse | None:
    body: AddOffsetsToTxnRequest = request.body
    if not body.transactional_id:
        raise Refused(ErrorCode.invalid_request)
    partition = (OFFSETS_TOPIC, broker.groups.partition_for(body.group_id))
    producer = Producer(body.producer_id, body.producer_epoch)
    broker.transactions.add_partitions(body.transactional_id, producer, (partition,), VERSION_0, OffsetsAdded(request))
    return None


def refuse(request: Request, refused: Refused) -> AddOffsetsToTxnResponse:
    return answers.offsets_added(request, refused.error_code)
