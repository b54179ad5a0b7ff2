"""A lab on disk: one process at a time, and everything is there again at the next start."""

import json
import time
from pathlib import Path

import pytest

from kafkalab.lab import Lab, LabSettings, StoreRefused
from kafkalab.lab.commands import (
    AddConsumer,
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    PauseProducer,
    RemoveConsumer,
    SendRecord,
)
from kafkalab.lab.store import Store
from tests.lab.labs import QUICK, SECOND_US, carried_out

SETTINGS = LabSettings(broker_configs=QUICK)


def test_two_processes_cannot_play_one_lab(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreRefused) as refused:
        Store(tmp_path)
    assert str(refused.value) == f"Another process is playing the lab in {tmp_path}."
    store.close()
    Store(tmp_path).close()


def test_a_file_in_the_place_of_the_directory_is_told(tmp_path: Path) -> None:
    place = tmp_path / "lab"
    place.write_text("not a directory")
    with pytest.raises(StoreRefused, match="is not a directory"):
        Store(place)


def test_what_cannot_be_remembered_is_refused_and_not_begun(tmp_path: Path) -> None:
    """Somebody took the directory away while the lab runs."""
    lab = Lab.open(tmp_path / "lab", SETTINGS)
    lab.advance(SECOND_US)
    assert carried_out(lab, CreateTopic("orders", 1, 1)).ok
    assert carried_out(lab, AddConsumer(("orders",), name="kept")).ok
    (tmp_path / "lab" / "clients.json").unlink()
    (tmp_path / "lab").rename(tmp_path / "elsewhere")
    refused = f"{tmp_path / 'lab' / 'clients.json'} cannot be written: No such file or directory."
    commands = (AddConsumer(("orders",), name="late"), CreateProducer("orders", name="late"), RemoveConsumer("kept"))
    assert [carried_out(lab, command).error for command in commands] == [refused] * 3
    assert (list(lab.kept_clients.by_name), list(lab.consumers), list(lab.producers)) == (["kept"], ["kept"], [])
    assert carried_out(lab, CrashConsumer("kept")).ok
    assert list(lab.consumers) == []
    (tmp_path / "elsewhere").rename(tmp_path / "lab")
    lab.close()


def test_a_lab_is_what_it_was_made_as_and_listens_as_asked_now(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = store.settings(LabSettings(seed=7, kafka_port=9092))
    again = store.settings(LabSettings(seed=8, kafka_port=19092, host="127.0.0.2", brokers=4))
    assert made == LabSettings(seed=7, kafka_port=9092, controllers=1, cluster_id=made.cluster_id)
    assert again == LabSettings(
        seed=7, kafka_port=19092, host="127.0.0.2", brokers=4, controllers=1, cluster_id=made.cluster_id, lives=1
    )
    store.close()


def test_brokers_with_data_are_not_left_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.settings(LabSettings(brokers=3))
    with pytest.raises(StoreRefused, match="has 3 brokers with data: it cannot run with fewer"):
        store.settings(LabSettings(brokers=1))
    store.close()


def test_a_broken_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text("{")
    store = Store(tmp_path)
    with pytest.raises(StoreRefused, match=r"lab\.json cannot be read"):
        store.settings(LabSettings())
    store.close()


def test_topics_records_groups_and_clients_are_there_after_a_restart(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path, SETTINGS)
    lab.advance(SECOND_US)
    carried_out(lab, CreateTopic("orders", 2, 3))
    carried_out(lab, SendRecord("orders", "kept", "k", partition=1))
    carried_out(lab, CreateProducer("orders", rate=0, name="mine", key_pattern="cycle:a,b"))
    carried_out(lab, CreateProducer("orders", rate=1, name="brief", limit=3))
    carried_out(lab, AddConsumer(("orders",), "billing", processing_ms=5, auto_commit_interval_ms=1_000))
    carried_out(lab, AddConsumer(("orders",), "audit"))
    carried_out(lab, PauseProducer("mine"))
    lab.advance(9 * SECOND_US)
    carried_out(lab, RemoveConsumer("consumer-2"))
    committed = lab.view()["group:billing"]["offsets"]
    lab.close()
    kept = json.loads((tmp_path / "clients.json").read_text())["clients"]
    assert [client["name"] for client in kept] == ["mine", "consumer-1"]

    again = Lab.open(tmp_path, SETTINGS)
    again.advance(12 * SECOND_US)
    assert again.ready
    assert again.logs.records("orders", 1, limit=1)[0].value == "kept"
    assert again.view()["group:billing"]["offsets"] == committed
    assert again.producers["mine"].settings.key_pattern == "cycle:a,b"
    assert again.consumers["consumer-1"].settings.processing_ms == 5
    again.close()


def test_each_life_draws_ids_of_its_own(tmp_path: Path) -> None:
    """Two topics under one id are one to everybody who fetches by id."""
    for life in range(3):
        lab = Lab.open(tmp_path, SETTINGS)
        lab.advance(SECOND_US)
        assert carried_out(lab, CreateTopic(f"of-life-{life}", 1, 3)).ok
        lab.close()
    again = Lab.open(tmp_path, SETTINGS)
    assert len(again.image.topics) == len({topic.topic_id for topic in again.image.topics.values()}) == 3
    again.close()


def test_a_lab_that_lived_before_is_ready_at_once_and_its_leaders_are_where_they_were_meant_to_be(
    tmp_path: Path,
) -> None:
    """Kafka would refuse the brokers until the sessions of their earlier lives are over."""
    lab = Lab.open(tmp_path, LabSettings())
    lab.advance(SECOND_US)
    assert carried_out(lab, CreateTopic("orders", 6, 3)).ok
    lab.advance(SECOND_US)
    lab.abandon()
    again = Lab.open(tmp_path, LabSettings())
    assert again.ready
    again.advance(SECOND_US)
    partitions = again.image.topics["orders"].partitions.values()
    assert {each.leader for each in partitions} == {1, 2, 3}
    assert [each.leader for each in partitions] == [each.replicas[0] for each in partitions]
    assert again.world.now_us < time.time_ns() // 1000
    again.close()
