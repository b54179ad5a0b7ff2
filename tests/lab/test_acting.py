"""What commands do to a lab, and how they are answered."""

from kafkalab.lab import Lab, Outcome
from kafkalab.lab.commands import (
    AddConsumer,
    AddPartitions,
    AlterTopicConfig,
    CompactNow,
    CrashBroker,
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    DeleteGroup,
    DeleteRecords,
    DeleteTopic,
    ElectLeader,
    FreezeBroker,
    HealNetwork,
    IsolateBroker,
    PauseProducer,
    ReassignPartition,
    RemoveConsumer,
    RemoveProducer,
    RollSegment,
    RunRetention,
    SendRecord,
    StartBroker,
    StopBroker,
    ThawBroker,
    UnregisterBroker,
    UpdateConsumer,
    UpdateProducer,
    VerifyReassignment,
)
from tests.lab.labs import Ask

AT = "--bootstrap-server 127.0.0.1:9092"


def state_of(lab: Lab, broker: int) -> tuple[str, bool]:
    entity = lab.view()[f"broker:{broker}"]
    return entity["state"], entity["fenced"]


def test_a_topic_is_made_grown_and_deleted_by_requests_of_kafkas(lab: Lab, ask: Ask) -> None:
    outcomes = [
        ask(CreateTopic("orders", 2, 3, {"min.insync.replicas": "2"})),
        ask(AddPartitions("orders", 4)),
    ]
    lab.advance(100_000)
    topic = lab.view()["topic:orders"]
    outcomes.append(ask(DeleteTopic("orders")))
    assert outcomes == [
        Outcome(
            True,
            f"kafka-topics.sh {AT} --create --topic orders --partitions 2 --replication-factor 3"
            " --config min.insync.replicas=2",
        ),
        Outcome(True, f"kafka-topics.sh {AT} --alter --topic orders --partitions 4"),
        Outcome(True, f"kafka-topics.sh {AT} --delete --topic orders"),
    ]
    assert (topic["partitions"], topic["replication_factor"], topic["configs"]) == (4, 3, {"min.insync.replicas": "2"})
    assert "topic:orders" not in lab.view()


def test_a_topic_is_compacted_when_a_person_says_so(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("prices", 1, 3, {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "1"}))
    for price in ("1", "2", "3"):
        ask(SendRecord("prices", value=price, key="tea"))
    lab.advance(2_000_000)
    rolled, compacted = ask(RollSegment("prices")), ask(CompactNow("prices"))
    assert (rolled.ok, compacted.ok, compacted.detail) == (True, True, {"brokers": [1, 2, 3]})
    replicas = [lab.view()[f"replica:prices:0:{broker}"] for broker in (1, 2, 3)]
    assert [[cell[0] for cell in replica["tail"]] for replica in replicas] == [[2]] * 3
    assert [replica["segments"][1]["base"] for replica in replicas] == [3] * 3


def test_retention_runs_when_a_person_says_so(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3, {"retention.ms": "1000"}))
    ask(SendRecord("orders", value="old"))
    lab.advance(3_000_000)
    assert ask(RunRetention("orders")).ok
    assert [lab.view()[f"replica:orders:0:{broker}"]["log_start"] for broker in (1, 2, 3)] == [1, 1, 1]


def test_only_what_is_there_and_meant_to_be_is_compacted(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    lab.advance(1_000_000)
    assert [ask(CompactNow(topic)).fields for topic in ("orders", "nothing")] == [
        {"topic": "orders has no cleanup.policy=compact"},
        {"topic": "nothing is on no running broker"},
    ]


def test_what_kafka_refuses_is_refused_in_its_words(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    outcome = ask(CreateTopic("orders", 1, 3))
    assert outcome == Outcome(
        False,
        f"kafka-topics.sh {AT} --create --topic orders --partitions 1 --replication-factor 3",
        {"error_code": 36},
        "TOPIC_ALREADY_EXISTS: Topic 'orders' already exists.",
    )


def test_a_record_sent_by_hand_is_found_where_the_answer_says(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    outcome = ask(SendRecord("orders", "<b>hello</b>", "k1", (("trace", "7"),)))
    assert outcome.detail == {
        "topic": "orders",
        "partition": 2,
        "offset": 0,
        "timestamp_ms": outcome.detail["timestamp_ms"],
        "how": "murmur2(key) & 0x7fffffff = 1684045097; % 3 = 2",
        "state": "acked",
    }
    opened = lab.logs.record("orders", 2, 0)
    assert opened is not None
    assert (opened.record.key, opened.record.value, opened.record.headers) == ("k1", "<b>hello</b>", (("trace", "7"),))


def test_a_record_for_a_partition_that_is_not_there_is_told_as_failed(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1))
    assert ask(SendRecord("orders", "x", partition=7)) == Outcome(
        False,
        "kcat -b 127.0.0.1:9092 -P -t orders -p 7 <<< x",
        error="The record was not stored: UNKNOWN_TOPIC_OR_PARTITION.",
    )


def test_a_producer_sends_at_its_pace_until_it_is_paused_and_removed(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    assert ask(CreateProducer("orders", rate=10)).detail == {"name": "producer-1"}
    lab.advance(5_000_000)
    assert 45 <= lab.producers["producer-1"].sent <= 55
    ask(PauseProducer("producer-1"))
    sent = lab.producers["producer-1"].sent
    lab.advance(5_000_000)
    assert lab.view()["producer:producer-1"]["state"] == "paused"
    assert lab.producers["producer-1"].acked == sent
    ask(RemoveProducer("producer-1"))
    lab.advance(1_000_000)
    assert lab.producers == {}


def test_a_producer_whose_buffer_is_full_waits_for_room_and_after_a_minute_loses_the_record(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    made = ask(CreateProducer("orders", name="shop", rate=10, value_size=1000, buffer_memory=5_000))
    assert made.shell.endswith("compression.type=none buffer.memory=5000")
    lab.advance(2_000_000)
    for broker in (1, 2, 3):
        ask(FreezeBroker(broker))
    lab.advance(3_000_000)
    shop = lab.view()["producer:shop"]
    assert (shop["state"], shop["buffered"], shop["failed"]) == ("buffer full", 5, 0)
    lab.advance(60_000_000)
    shop = lab.view()["producer:shop"]
    assert (shop["state"], shop["buffered"], shop["failed"]) == ("buffer full", 5, 1)
    assert lab.producers["shop"].last_error == "orders: REQUEST_TIMED_OUT"
    for broker in (1, 2, 3):
        ask(ThawBroker(broker))
    lab.advance(5_000_000)
    shop = lab.view()["producer:shop"]
    assert (shop["state"], shop["buffered"] < 3, shop["failed"]) == ("running", True, 1)


def test_changed_settings_are_used_from_then_on(lab: Lab, ask: Ask) -> None:
    ask(CreateProducer("orders", rate=0, name="mine"))
    ask(AddConsumer(("orders",), "g", name="yours"))
    ask(UpdateProducer("mine", rate=50, acks="all"))
    ask(UpdateConsumer("yours", processing_ms=20))
    assert (lab.producers["mine"].settings.rate_per_s, lab.consumers["yours"].settings.processing_ms) == (50, 20)


def test_settings_that_kafka_forbids_together_are_refused_beside_their_field(lab: Lab, ask: Ask) -> None:
    outcome = ask(CreateProducer("orders", acks="1", idempotence=True))
    assert (outcome.ok, outcome.fields) == (
        False,
        {"acks": "must be all with idempotence: else a leader could forget what it numbered"},
    )
    assert lab.producers == {}


def test_names_are_unique_and_some_are_the_labs_own(lab: Lab, ask: Ask) -> None:
    ask(CreateProducer("orders", name="mine"))
    refusals = [ask(CreateProducer("orders", name=name)).fields for name in ("mine", "broker-9", "client-1", "admin")]
    assert refusals == [
        {"name": "mine is taken"},
        {"name": "broker-9 is a name that the lab keeps for itself"},
        {"name": "client-1 is a name that the lab keeps for itself"},
        {"name": "admin is a name that the lab keeps for itself"},
    ]
    assert ask(RemoveProducer("theirs")).fields == {"name": "theirs is no producer of this lab"}


def test_a_group_with_members_is_not_deleted_and_an_empty_one_is(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 2, 3))
    ask(AddConsumer(("orders",), "billing"))
    lab.advance(8_000_000)
    assert lab.view()["group:billing"]["state"] == "Stable"
    assert ask(DeleteGroup("billing")).error == "NON_EMPTY_GROUP."
    ask(RemoveConsumer("consumer-1"))
    lab.advance(1_000_000)
    assert ask(DeleteGroup("billing")).ok
    assert "group:billing" not in lab.view()


def test_a_killed_consumer_stays_a_member_until_its_session_ends(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 2, 3))
    ask(AddConsumer(("orders",), "billing", session_timeout_ms=6_000, heartbeat_interval_ms=1_000))
    lab.advance(8_000_000)
    ask(CrashConsumer("consumer-1"))
    lab.advance(4_000_000)
    assert [member["ours"] for member in lab.view()["group:billing"]["members"]] == [None]
    lab.advance(3_000_000)
    assert (lab.view()["group:billing"]["members"], lab.consumers) == ([], {})


def test_deleted_records_are_gone_and_the_rest_stays(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    for number in range(4):
        ask(SendRecord("orders", str(number)))
    assert ask(DeleteRecords("orders", 0, 3)).ok
    lab.advance(1_000_000)
    assert [line.value for line in lab.logs.records("orders", 0)] == ["3"]
    assert lab.logs.record("orders", 0, 1) is None


def test_a_killed_broker_is_fenced_when_its_session_ends_and_comes_back(lab: Lab, ask: Ask) -> None:
    ask(CrashBroker(2))
    states = [state_of(lab, 2)]
    lab.advance(12_000_000)
    states.append(state_of(lab, 2))
    ask(StartBroker(2))
    states.append(state_of(lab, 2))
    lab.advance(3_000_000)
    states.append(state_of(lab, 2))
    assert states == [("crashed", False), ("crashed", True), ("starting", True), ("running", False)]


def test_a_broker_that_is_shut_down_hands_over_and_ends(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    ask(StopBroker(1))
    assert state_of(lab, 1) == ("shutting_down", False)
    lab.advance(5_000_000)
    assert state_of(lab, 1) == ("stopped", True)
    assert lab.view()["signs"]["offline_partitions"] == 0


def test_a_frozen_broker_thaws_and_an_isolated_one_is_healed(lab: Lab, ask: Ask) -> None:
    ask(FreezeBroker(3))
    states = [state_of(lab, 3)[0]]
    assert ask(StopBroker(3)).fields == {"broker": "3 is frozen and does not hear the request"}
    ask(ThawBroker(3))
    states.append(state_of(lab, 3)[0])
    ask(IsolateBroker(3))
    states.append(state_of(lab, 3)[0])
    ask(HealNetwork())
    states.append(state_of(lab, 3)[0])
    assert states == ["frozen", "running", "isolated", "running"]


def test_what_makes_no_sense_for_a_broker_is_refused_with_the_reason(lab: Lab, ask: Ask) -> None:
    ask(CrashBroker(1))
    senseless = (CrashBroker(1), StartBroker(2), ThawBroker(2), StopBroker(9))
    refusals = [ask(command).fields["broker"] for command in senseless]
    assert refusals == ["1 is not running", "2 is running already", "2 is not frozen", "must be one of 1, 2, 3"]


def test_a_partition_moves_its_leader_is_elected_and_a_setting_changes(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 2))
    ask(SendRecord("orders", "kept"))
    replicas = [replica["broker"] for key, replica in lab.view().items() if key.startswith("replica:orders:0:")]
    (other,) = {1, 2, 3} - set(replicas)
    moved = ask(ReassignPartition("orders", 0, (other, replicas[0])))
    lab.advance(5_000_000)
    elected = ask(ElectLeader("orders", 0))
    lab.advance(1_000_000)
    view = lab.view()
    assert (moved.ok, elected.ok) == (True, True)
    assert sorted(key for key in view if key.startswith("replica:orders:0:")) == sorted(
        f"replica:orders:0:{broker}" for broker in (other, replicas[0])
    )
    assert view["partition:orders:0"]["leader"] == other
    line = f"kafka-configs.sh {AT} --alter --topic orders --add-config retention.ms=1000"
    assert ask(AlterTopicConfig("orders", "retention.ms", "1000")) == Outcome(True, line)
    lab.advance(1_000_000)
    assert {
        partition.log.config.retention_ms
        for broker in lab.cluster.brokers.values()
        for key, partition in broker.partitions.items()
        if key == ("orders", 0)
    } == {1000}
    assert ask(AlterTopicConfig("orders", "retention.ms")).ok
    refused = ask(AlterTopicConfig("orders", "no.such.setting", "1"))
    assert refused.error == "INVALID_CONFIG: Unknown topic config name: no.such.setting"


def test_a_throttled_move_takes_its_time_and_looking_at_the_end_takes_the_throttle_away(lab: Lab, ask: Ask) -> None:
    def settings() -> dict[tuple[int, str], dict[str, str]]:
        return {where: dict(given) for where, given in lab.controller.image.configs.items() if given}

    ask(CreateTopic("orders", 1, 1))
    ask(CreateProducer("orders", rate=200, value_size=10_000, limit=300))
    lab.advance(3_000_000)
    leader = lab.view()["partition:orders:0"]["leader"]
    other = leader % 3 + 1
    before = settings()
    moved = ask(ReassignPartition("orders", 0, (other,), throttle=100_000))
    assert moved.ok
    assert moved.shell.endswith(" --throttle 100000")
    rates = {f"{side}.replication.throttled.rate": "100000" for side in ("leader", "follower")}
    assert settings() == before | {
        (2, "orders"): {
            "leader.replication.throttled.replicas": f"0:{leader}",
            "follower.replication.throttled.replicas": f"0:{other}",
        },
        (4, str(leader)): rates,
        (4, str(other)): rates,
    }
    lab.advance(3_000_000)
    assert ask(VerifyReassignment("orders", 0)).detail == {"complete": False}
    assert settings() != before
    lab.advance(30_000_000)
    assert lab.view()["partition:orders:0"]["leader"] == other
    assert ask(VerifyReassignment("orders", 0)).detail == {"complete": True}
    assert settings() == before


def test_a_throttled_move_of_what_is_not_there_is_refused_like_any_other(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1))
    refused = [
        ask(ReassignPartition("nothing", 0, (1,), throttle=1_000)),
        ask(ReassignPartition("orders", 7, (1,), throttle=1_000)),
        ask(VerifyReassignment("nothing", 0)),
    ]
    assert [(outcome.ok, outcome.error.partition(":")[0].rstrip(".")) for outcome in refused] == [
        (False, "UNKNOWN_TOPIC_OR_PARTITION")
    ] * 3


def test_a_broker_that_will_not_come_back_is_forgotten(lab: Lab, ask: Ask) -> None:
    ask(CrashBroker(3))
    lab.advance(12_000_000)
    line = f"kafka-cluster.sh unregister {AT} --id 3"
    assert ask(UnregisterBroker(3)) == Outcome(True, line)
    lab.advance(100_000)
    assert (list(lab.controller.image.brokers), state_of(lab, 3)) == ([1, 2], ("crashed", True))
    refused = ask(UnregisterBroker(3))
    assert refused.error == "BROKER_ID_NOT_REGISTERED: Broker ID 3 is not currently registered"
    ask(StartBroker(3))
    lab.advance(12_000_000)
    assert state_of(lab, 3) == ("running", False)
