"""The settings of a thing: value, where it comes from, and the command that changes it."""

import pytest

from kafkalab.lab import Lab, configs_of, parse_command
from kafkalab.lab.commands import AddConsumer, AlterTopicConfig, CreateProducer, CreateTopic, UpdateProducer
from kafkalab.lab.config_commands import AlterBrokerConfig, AlterGroupConfig
from kafkalab.lab.configs_shown import ConfigShown, Edit, Synonym
from tests.lab.labs import carried_out, opened


@pytest.fixture(scope="module")
def lab() -> Lab:
    lab = opened()
    carried_out(lab, CreateTopic("orders", 3, 3, {"min.insync.replicas": "2"}))
    return lab


def row(lab: Lab, entity_id: str, name: str) -> ConfigShown:
    return next(each for each in configs_of(lab, entity_id).rows if each.name == name)


def test_a_setting_of_a_topic_says_where_it_comes_from_and_what_is_behind_it(lab: Lab) -> None:
    shown = row(lab, "topic:orders", "min.insync.replicas")
    assert (shown.value, shown.source, shown.says_source) == ("2", "DYNAMIC_TOPIC_CONFIG", "set on this topic")
    assert shown.own
    assert shown.synonyms == (
        Synonym("min.insync.replicas", "2", "DYNAMIC_TOPIC_CONFIG", "set on this topic"),
        Synonym("min.insync.replicas", "1", "DYNAMIC_DEFAULT_BROKER_CONFIG", "set on all brokers while they run"),
        Synonym("min.insync.replicas", "1", "DEFAULT_CONFIG", "Kafka's default"),
    )
    where = {"topic": "orders", "name": "min.insync.replicas"}
    assert shown.edit == Edit("alter_topic_config", where, "value", "int", can_reset=True)
    assert row(lab, "partition:orders:1", "min.insync.replicas") == shown


def test_what_the_edit_says_is_a_command_that_changes_it(lab: Lab) -> None:
    edit = row(lab, "topic:orders", "retention.ms").edit
    assert edit is not None
    command = parse_command({"command": edit.command, **edit.fields, edit.field: "5000"})
    assert command == AlterTopicConfig("orders", "retention.ms", "5000")
    assert carried_out(lab, command).ok
    assert row(lab, "topic:orders", "retention.ms").value == "5000"


def test_a_setting_without_effect_says_why(lab: Lab) -> None:
    unread = [each.name for each in configs_of(lab, "topic:orders").rows if each.unread]
    assert "remote.storage.enable" in unread
    assert "min.insync.replicas" not in unread


def test_a_broker_tells_what_was_set_while_it_runs_and_what_cannot_be(lab: Lab) -> None:
    carried_out(lab, AlterBrokerConfig("log.retention.ms", "70000", 2))
    assert row(lab, "broker:2", "log.retention.ms").own
    assert not row(lab, "broker:1", "log.retention.ms").own
    fixed = row(lab, "broker:1", "broker.session.timeout.ms")
    assert (fixed.read_only, fixed.edit, fixed.source) == (True, None, "DEFAULT_CONFIG")
    assert any("num.io.threads" in names for _, names in configs_of(lab, "broker:1").unread)


def test_a_group_has_settings_before_anybody_joined(lab: Lab) -> None:
    carried_out(lab, AlterGroupConfig("billing", "consumer.session.timeout.ms", "50000"))
    shown = row(lab, "group:billing", "consumer.session.timeout.ms")
    assert (shown.value, shown.source) == ("50000", "DYNAMIC_GROUP_CONFIG")


def test_a_producer_of_the_lab_shows_its_properties_and_which_can_be_changed(lab: Lab) -> None:
    carried_out(lab, CreateProducer("orders", name="p", linger_ms=7, idempotence=False))
    carried_out(lab, UpdateProducer("p", acks="1"))
    acks = row(lab, "producer:p", "acks")
    assert (acks.value, acks.own) == ("1", True)
    assert acks.edit == Edit("update_producer", {"name": "p"}, "acks", "text", ("0", "1", "all"))
    assert row(lab, "producer:p", "linger.ms").value == "7"
    assert row(lab, "producer:p", "enable.idempotence").edit is None


def test_a_consumer_shows_kafkas_names(lab: Lab) -> None:
    carried_out(lab, AddConsumer(("orders",), name="c", group="g"))
    assert row(lab, "consumer:c", "group.id").value == "g"
    assert row(lab, "consumer:c", "max.poll.records").edit is not None


def test_what_has_no_settings_says_so(lab: Lab) -> None:
    assert configs_of(lab, "client:client-1").note.startswith("A real client keeps its settings to itself")
    for nothing in ("fault:1", "topic:gone", "broker:99", "broker:x", "producer:gone", ""):
        assert configs_of(lab, nothing).rows == ()
