"""The entities: whole, true, and the same whether looked at or put together from frames."""

import json
from random import Random
from typing import Any

from kafkalab.engine.events import RecordsAppended
from kafkalab.lab import Command, Lab, apply
from kafkalab.lab.commands import (
    AddConsumer,
    AddPartitions,
    CrashBroker,
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    DeleteTopic,
    FreezeBroker,
    HealNetwork,
    IsolateBroker,
    RemoveConsumer,
    RemoveProducer,
    SendRecord,
    StartBroker,
    StopBroker,
    ThawBroker,
    UpdateProducer,
)
from kafkalab.lab.witness import FEW, MOST_FREQUENT_EVENTS, MOST_PACKETS
from tests.lab.labs import Ask, opened


def in_json(entities: object) -> Any:
    return json.loads(json.dumps(entities))


def some_command(random: Random) -> Command:
    broker = random.randint(1, 3)
    topic = random.choice(("orders", "payments"))
    return random.choice(
        (
            CreateTopic(topic, random.randint(1, 4), random.randint(1, 3)),
            DeleteTopic(topic),
            AddPartitions(topic, random.randint(2, 6)),
            SendRecord(topic, random.choice(("v", None)), random.choice(("k", None))),
            CreateProducer(topic, rate=random.randint(1, 60)),
            UpdateProducer("producer-1", rate=5),
            RemoveProducer("producer-1"),
            AddConsumer((topic,), random.choice(("g", "h", None))),
            RemoveConsumer("consumer-1"),
            CrashConsumer("consumer-2"),
            CrashBroker(broker),
            StopBroker(broker),
            StartBroker(broker),
            FreezeBroker(broker),
            ThawBroker(broker),
            IsolateBroker(broker),
            HealNetwork(),
        )
    )


def test_snapshot_and_frames_add_up_to_the_view_over_random_histories() -> None:
    for seed in range(20):
        random = Random(seed)
        lab = opened(seed=seed)
        watcher = lab.watch(lambda: None)
        seen: dict[str, Any] = {}
        for _ in range(30):
            lab.do(some_command(random), lambda outcome: None)
            lab.advance(random.randint(1, 2_000_000))
            view = in_json(lab.view())
            lab.snapshot()
            while (text := watcher.take()) is not None:
                seen = apply(seen, json.loads(text))
            assert seen == view, f"seed {seed}"
        lab.close()


def test_a_partition_and_its_replicas_are_shown_whole(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 2, {"min.insync.replicas": "2"}))
    ask(SendRecord("orders", "a", "key-of-more-than-24-characters"))
    ask(SendRecord("orders", None, "k"))
    lab.advance(2_000_000)
    view = lab.view()
    leader, follower = view["partition:orders:0"]["replicas"]
    size = view[f"replica:orders:0:{leader}"]["bytes"]
    assert view["partition:orders:0"] == {
        "kind": "partition",
        "topic": "orders",
        "partition": 0,
        "leader": leader,
        "preferred": leader,
        "leader_epoch": 0,
        "partition_epoch": 0,
        "replicas": [leader, follower],
        "isr": [leader, follower],
        "elr": [],
        "adding": [],
        "removing": [],
        "recovering": False,
        "min_isr": 2,
        "high_watermark": 2,
        "last_stable_offset": 2,
        "log_start": 0,
        "log_end": 2,
        "under_replicated": False,
        "offline": False,
    }
    assert view[f"replica:orders:0:{follower}"] == {
        "kind": "replica",
        "topic": "orders",
        "partition": 0,
        "broker": follower,
        "role": "follower",
        "in_sync": True,
        "log_start": 0,
        "log_end": 2,
        "high_watermark": 2,
        "last_stable_offset": 2,
        "lag": 0,
        "leader_epoch": 0,
        "bytes": size,
        "segments": [{"base": 0, "end": 2, "bytes": size}],
        "tail": [
            [0, "key-of-more-than-24-char", 0, 31, 0],
            [1, "k", 1, 1, 0, "tombstone"],
        ],
    }


def test_a_dead_brokers_replicas_are_offline_as_they_were_last_seen(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1))
    ask(SendRecord("orders", "a"))
    before = lab.view()
    leader = before["partition:orders:0"]["leader"]
    ask(CrashBroker(leader))
    lab.advance(12_000_000)
    name = f"replica:orders:0:{leader}"
    # Not in sync, but eligible: nothing can have been committed without it.
    assert lab.view()[name] == before[name] | {"role": "offline", "in_sync": False}
    assert (lab.view()["partition:orders:0"]["offline"], lab.view()["signs"]["offline_partitions"]) == (True, 1)


def test_a_group_shows_who_owns_what_and_the_lag(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 2, 3))
    ask(AddConsumer(("orders",), "billing"))
    lab.advance(4_000_000)
    for partition in (0, 1, 1):
        ask(SendRecord("orders", "x", partition=partition))
    lab.advance(8_000_000)
    ask(CrashConsumer("consumer-1"))
    ask(SendRecord("orders", "unread", partition=1))
    group = lab.view()["group:billing"]
    assert [(member["client_id"], member["assignment"]) for member in group["members"]] == [
        ("consumer-1", [["orders", 0], ["orders", 1]])
    ]
    assert (group["offsets"], group["lag"]) == (
        [
            {"topic": "orders", "partition": 0, "committed": 1, "end": 1, "lag": 0},
            {"topic": "orders", "partition": 1, "committed": 2, "end": 3, "lag": 1},
        ],
        1,
    )


def test_a_frame_stays_small_however_much_happens(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    lab.watch(lambda: None)
    ask(CreateProducer("orders", rate=5_000, linger_ms=0, batch_size=1))
    lab.witness.take()
    lab.advance(1_000_000)
    lab.tell("broker-1", RecordsAppended("orders", 0, 1, 0, 0, 70, True))
    events = lab.witness.take()
    kinds = [event["kind"] for event in events]
    assert FEW <= kinds.count("Packet") <= MOST_PACKETS
    assert kinds.count("RecordsAppended") + kinds.count("HighWatermarkAdvanced") <= MOST_FREQUENT_EVENTS
    assert len(events) < 300
    counted = {event["of"] for event in events if event["kind"] == "EventCount"}
    assert {"RecordsAppended", "HighWatermarkAdvanced"} <= counted


def test_packets_that_are_only_counted_still_say_how_many_records_they_carried(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    lab.watch(lambda: None)
    ask(CreateProducer("orders", rate=1_000))
    lab.advance(1_000_000)
    lab.witness.take()
    before = lab.ledger.records_in
    lab.advance(1_000_000)
    sent = [event for event in lab.witness.take() if event.get("api") == "Produce" and event["source"] == "producer-1"]
    assert {event["kind"] for event in sent} == {"Packet"}
    assert any(event.get("more") for event in sent)
    told = sum(event["count"] + event.get("more_records", 0) for event in sent)
    assert told == lab.ledger.records_in - before


def test_an_answer_that_refuses_says_so(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3, {"min.insync.replicas": "3"}))
    ask(CrashBroker(2))
    lab.advance(12_000_000)
    lab.watch(lambda: None)
    lab.witness.take()
    ask(CreateProducer("orders", limit=1))
    lab.advance(1_000_000)
    sent = [event for event in lab.witness.take() if (event["kind"], event.get("api")) == ("Packet", "Produce")]
    told = {(event["response"], event.get("error")) for event in sent}
    assert told == {(False, None), (True, "NOT_ENOUGH_REPLICAS")}


def test_an_event_is_a_sentence_with_its_fields(lab: Lab, ask: Ask) -> None:
    lab.watch(lambda: None)
    lab.witness.take()
    ask(CrashBroker(2))
    assert lab.witness.take() == [
        {
            "kind": "Commanded",
            "at_us": lab.world.now_us,
            "text": "kill -9 <pid of broker 2>",
            "node": "lab",
        },
        {
            "kind": "NodeCrashed",
            "at_us": lab.world.now_us,
            "text": "broker-2 was killed: what it held in memory is gone, its disk is as it was.",
            "node": "broker-2",
            "moment": lab.why.facts_about("broker:2")[0].moment,
            "by": 0,
        },
    ]


def test_the_labs_own_admin_client_is_not_spoken_of(lab: Lab, ask: Ask) -> None:
    lab.watch(lambda: None)
    ask(CreateTopic("orders", 3, 3))
    told = lab.witness.take()
    assert [event for event in told if "admin" in event.get("node", "")] == []
    assert "Topic orders was created with 3 partitions and 3 replicas each." in [event.get("text") for event in told]


def test_packets_with_records_say_their_partition_though_clients_speak_by_topic_id(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    ask(AddConsumer(("orders",), None))
    lab.watch(lambda: None)
    lab.advance(4_000_000)
    lab.witness.take()
    ask(SendRecord("orders", "x", partition=1))
    lab.advance(1_000_000)
    packets = [event for event in lab.witness.take() if event["kind"] == "Packet"]
    ways = {
        (packet["api"], packet["response"]): (packet.get("topic"), packet.get("partition"), packet.get("count"))
        for packet in packets
        if packet["target"] in ("you", "consumer-1") or packet["source"] == "you"
        if packet["api"] in ("Produce", "Fetch")
    }
    assert ways == {
        ("Produce", False): ("orders", 1, 1),
        ("Produce", True): ("orders", 1, None),
        ("Fetch", True): ("orders", 1, 1),
    }


def test_a_group_whose_coordinator_is_down_stays_in_sight(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 2, 3))
    ask(AddConsumer(("orders",), "billing"))
    lab.advance(6_000_000)
    before = lab.view()["group:billing"]
    ask(CrashBroker(before["coordinator"]))
    assert lab.view()["group:billing"] == before | {"state": "NoCoordinator", "coordinator": -1}
    lab.advance(30_000_000)
    after = lab.view()["group:billing"]
    assert (after["state"], after["coordinator"] != before["coordinator"]) == ("Stable", True)


def test_a_topic_of_many_partitions_is_shown_bit_by_bit_and_told_as_a_whole(lab: Lab, ask: Ask) -> None:
    assert ask(CreateTopic("wide", partitions=450, replication_factor=1)).ok
    lab.advance(1_000_000)
    shown = []
    for _ in range(4):
        lab.watch(lambda: None).close()
        shown.append(sum(name.startswith("partition:wide:") for name in lab.frames.snapshot()["entities"]))
    assert shown == [200, 400, 450, 450]
    assert ask(AddPartitions("wide", 1000)).ok
    lab.advance(1_000_000)
    assert lab.snapshot()["entities"].keys() == lab.view().keys()
