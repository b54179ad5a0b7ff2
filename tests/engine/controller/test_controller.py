"""The controller's log: fetched by brokers, replayed after a restart."""

import copy
from dataclasses import replace
from datetime import timedelta
from random import Random

from kio.schema.allocate_producer_ids.v0.request import AllocateProducerIdsRequest
from kio.schema.allocate_producer_ids.v0.response import AllocateProducerIdsResponse

from kafkalab.engine.controller.codec import records_in
from kafkalab.engine.controller.metadata import (
    BROKER,
    METADATA_TOPIC,
    METADATA_TOPIC_ID,
    ConfigRecord,
    FeatureLevelRecord,
    MetadataImage,
    RegisterBrokerRecord,
)
from kafkalab.engine.events import BrokerFenced, ControllerElected
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    EpochEndOffset,
    FetchPartitionResult,
    FetchResponse,
    FetchTopicResult,
    LeaderHint,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import BEGUN, CONTROLLER, Cluster, assigned, topic


def replayed(cluster: Cluster, data: bytes) -> MetadataImage:
    image = MetadataImage(cluster.spec.cluster_id, 3000)
    for offset, record in records_in(data):
        image.replay(record, offset)
    return image


def result_of(answer: FetchResponse) -> FetchPartitionResult:
    return answer.topics[0].partitions[0]


def allocate(cluster: Cluster, broker_epoch: int) -> AllocateProducerIdsResponse:
    body = AllocateProducerIdsRequest(broker_id=1, broker_epoch=broker_epoch)
    answer: AllocateProducerIdsResponse = cluster.ask(1, ApiKey.ALLOCATE_PRODUCER_IDS, body)
    return answer


def fill(cluster: Cluster) -> None:
    """Something of every kind."""
    cluster.create(topic("orders", 3, 3, {"retention.ms": "1000"}), topic("gone", 1, 1), assigned("alone", (1,)))
    cluster.alter("alone", (1,))
    allocate(cluster, cluster.epochs[1])
    cluster.pass_seconds(9, alive=(2, 3))


# -- observers -------------------------------------------------------------------------------------


def test_what_a_broker_fetches_and_replays_is_the_controllers_own_image(three_brokers: Cluster) -> None:
    fill(three_brokers)
    answer = three_brokers.peer(2).answers[three_brokers.fetch(2, 0)]
    assert replayed(three_brokers, result_of(answer).records) == three_brokers.controller.image


def test_a_new_cluster_tells_its_features_first(cluster: Cluster) -> None:
    result = result_of(cluster.peer(1).answers[cluster.fetch(1, 0)])
    assert list(records_in(result.records)) == [
        (3, FeatureLevelRecord("metadata.version", 30)),
        (4, FeatureLevelRecord("eligible.leader.replicas.version", 1)),
        (5, FeatureLevelRecord("transaction.version", 2)),
        (6, FeatureLevelRecord("group.version", 1)),
        (7, FeatureLevelRecord("share.version", 1)),
        (8, ConfigRecord(BROKER, "", "min.insync.replicas", "1")),
    ]


def test_a_fetch_that_finds_nothing_new_waits_for_the_next_record(cluster: Cluster) -> None:
    asked = cluster.fetch(2, BEGUN)
    assert asked not in cluster.peer(2).answers
    cluster.register(1)
    answer = cluster.peer(2).answers[asked]
    records = result_of(answer).records
    assert [record for _, record in records_in(records)] == [
        RegisterBrokerRecord(1, BEGUN, cluster.controller.image.brokers[1].incarnation_id, "127.0.0.1", 9092)
    ]
    result = FetchPartitionResult(
        0, ErrorCode.none, BEGUN + 1, BEGUN + 1, 0, current_leader=LeaderHint(3000, 1), records=records
    )
    assert answer == FetchResponse((FetchTopicResult(METADATA_TOPIC, METADATA_TOPIC_ID, (result,)),))


def test_a_fetch_that_waited_its_time_is_answered_empty(cluster: Cluster) -> None:
    asked = cluster.fetch(2, BEGUN, max_wait_ms=500)
    cluster.pass_seconds(0.499)
    assert asked not in cluster.peer(2).answers
    cluster.pass_seconds(0.001)
    result = result_of(cluster.peer(2).answers[asked])
    assert (result.error_code, result.high_watermark, result.records) == (ErrorCode.none, BEGUN, b"")


def test_a_fetch_beyond_the_end_is_out_of_range(cluster: Cluster) -> None:
    result = result_of(cluster.peer(2).answers[cluster.fetch(2, 99)])
    assert (result.error_code, result.records) == (ErrorCode.offset_out_of_range, b"")


def test_a_log_that_parted_is_told_where(cluster: Cluster) -> None:
    result = result_of(cluster.peer(2).answers[cluster.fetch(2, 99, last_epoch=1)])
    assert (result.error_code, result.diverging_epoch) == (ErrorCode.none, EpochEndOffset(1, BEGUN))


def test_nobody_waits_on_a_lost_connection(cluster: Cluster) -> None:
    cluster.fetch(2, BEGUN)
    cluster.world.hang_up(cluster.peer(2).name, CONTROLLER)
    cluster.pass_seconds(0)
    assert cluster.controller.metadata_log.waiting == {}


# -- producer ids ----------------------------------------------------------------------------------


def test_producer_ids_are_never_handed_out_twice(three_brokers: Cluster) -> None:
    def block(start: int) -> AllocateProducerIdsResponse:
        return AllocateProducerIdsResponse(
            throttle_time=timedelta(0), error_code=ErrorCode.none, producer_id_start=start, producer_id_len=1000
        )

    epoch = three_brokers.epochs[1]
    assert allocate(three_brokers, epoch) == block(0)
    assert allocate(three_brokers, epoch) == block(1000)
    three_brokers.restart_controller()
    assert allocate(three_brokers, epoch) == block(2000)
    assert allocate(three_brokers, epoch - 1).error_code is ErrorCode.stale_broker_epoch


# -- restart ---------------------------------------------------------------------------------------


def test_a_restarted_controller_knows_exactly_what_it_knew(three_brokers: Cluster) -> None:
    fill(three_brokers)
    before = three_brokers.controller.image
    three_brokers.restart_controller()
    # Its new epoch begins with a record of its own.
    assert three_brokers.controller.image == replace(before, offset=before.offset + 1)
    assert three_brokers.controller.image is not before


def test_a_power_cut_takes_no_decision_back(three_brokers: Cluster) -> None:
    fill(three_brokers)
    before = three_brokers.controller.image
    three_brokers.world.crash(CONTROLLER)
    three_brokers.disk.lose_unflushed(Random(1), torn=True)
    three_brokers.start_controller()
    assert three_brokers.controller.image == replace(before, offset=before.offset + 1)


def test_each_start_is_a_new_epoch_and_old_brokers_go_on_where_they_were(three_brokers: Cluster) -> None:
    end = three_brokers.controller.image.offset + 1
    three_brokers.restart_controller()
    asked = three_brokers.fetch(2, end + 1, last_epoch=2)
    three_brokers.create(topic("orders", 1, 1))
    result = result_of(three_brokers.peer(2).answers[asked])
    assert (result.diverging_epoch, result.current_leader) == (EpochEndOffset(), LeaderHint(3000, 2))
    assert [offset for offset, _ in records_in(result.records)] == [end + 1, end + 2]


def test_after_a_restart_every_broker_has_a_whole_session_to_report(three_brokers: Cluster) -> None:
    three_brokers.pass_seconds(8)
    three_brokers.restart_controller()
    assert three_brokers.take_facts() == [ControllerElected(3000, 2)]
    three_brokers.pass_seconds(8.5, alive=(2, 3))
    assert three_brokers.take_facts() == []
    three_brokers.pass_seconds(0.5)
    assert three_brokers.take_facts() == [BrokerFenced(1, "broker 1 was silent for 9 s")]


def test_a_world_with_a_controller_can_be_forked(three_brokers: Cluster) -> None:
    three_brokers.fetch(2, three_brokers.controller.image.offset + 1)
    twin = copy.deepcopy(three_brokers)
    three_brokers.create(topic("orders", 1, 1))
    assert twin.controller.image.topics == {}
    twin.create(topic("orders", 1, 1))
    assert twin.controller.image == three_brokers.controller.image
