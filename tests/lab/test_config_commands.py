"""Quotas and settings as a person sets them: carried out, shown, and said as Kafka's own command line."""

from dataclasses import replace

from kafkalab.engine.quotas.limits import of_both, of_client
from kafkalab.lab import Lab, Outcome
from kafkalab.lab.commands import CreateProducer, CreateTopic
from kafkalab.lab.config_commands import AlterBrokerConfig, AlterGroupConfig, SetClientQuota, SubscribeToMetrics
from tests.lab.labs import Ask

AT = "--bootstrap-server 127.0.0.1:9092"


def test_a_quota_is_set_and_taken_away(lab: Lab, ask: Ask) -> None:
    mine = SetClientQuota("producer_byte_rate", 1024.0, client_id="app")
    both = SetClientQuota("request_percentage", 12.5, client_id="*", user="ann")
    assert [ask(mine), ask(both)] == [
        Outcome(
            True,
            f"kafka-configs.sh {AT} --alter --add-config producer_byte_rate=1024"
            " --entity-type clients --entity-name app",
        ),
        Outcome(
            True,
            f"kafka-configs.sh {AT} --alter --add-config request_percentage=12.5 --entity-type clients --entity-default"
            " --entity-type users --entity-name ann",
        ),
    ]
    quotas = lab.image.client_quotas
    assert quotas == {
        of_client("app"): {"producer_byte_rate": 1024.0},
        of_both("ann", None): {"request_percentage": 12.5},
    }
    gone = ask(replace(mine, limit=None))
    line = f"kafka-configs.sh {AT} --alter --delete-config producer_byte_rate --entity-type clients --entity-name app"
    assert (gone, list(lab.image.client_quotas)) == (Outcome(True, line), [of_both("ann", None)])


def test_a_quota_of_nobody_is_refused_in_kafkas_words(ask: Ask) -> None:
    refused = ask(SetClientQuota("producer_byte_rate", 1024.0))
    assert refused.error == "INVALID_REQUEST: Invalid empty client quota entity"


def test_a_throttled_producer_is_marked_and_gets_what_its_quota_allows(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1))
    ask(SetClientQuota("producer_byte_rate", 5_000.0, client_id="busy"))
    ask(CreateProducer("orders", name="busy", rate=100, value_size=1_000))
    lab.advance(60_000_000)
    entity = lab.view()["producer:busy"]
    assert entity["throttled"]["quota"] == "producer_byte_rate"
    assert entity["throttled"]["until_us"] > lab.world.now_us
    log = lab.view()["topic:orders"]
    assert log["kind"] == "topic"
    leader = lab.image.topics["orders"].partitions[0].leader
    broker = lab.broker(leader)
    assert broker is not None
    size = broker.partitions["orders", 0].log.size
    assert 4_000 < size / 60 < 6_500
    events = [event["text"] for event in lab.snapshot()["events"] if event["kind"] == "ClientThrottled"]
    assert events[-1].endswith("it is over its producer_byte_rate.")


def test_settings_of_brokers_and_subscriptions_are_changed(lab: Lab, ask: Ask) -> None:
    outcomes = [
        ask(AlterBrokerConfig("log.cleaner.backoff.ms", "500")),
        ask(AlterBrokerConfig("log.cleaner.backoff.ms", None, broker=1)),
        ask(SubscribeToMetrics("all", match="client_id=app-.*")),
        ask(SubscribeToMetrics("all", None)),
        ask(AlterGroupConfig("g", "no.such.thing", "1")),
    ]
    assert [(outcome.ok, outcome.shell, outcome.error) for outcome in outcomes] == [
        (True, f"kafka-configs.sh {AT} --alter --broker-defaults --add-config log.cleaner.backoff.ms=500", ""),
        (True, f"kafka-configs.sh {AT} --alter --broker 1 --delete-config log.cleaner.backoff.ms", ""),
        (
            True,
            f"kafka-client-metrics.sh {AT} --alter --name all --metrics '*' --interval 5000 --match 'client_id=app-.*'",
            "",
        ),
        (True, f"kafka-client-metrics.sh {AT} --delete --name all", ""),
        (
            False,
            f"kafka-configs.sh {AT} --alter --group g --add-config no.such.thing=1",
            "INVALID_CONFIG: Unknown group config name: no.such.thing",
        ),
    ]
    lab.advance(1_000_000)
    assert all(broker.config.log_cleaner_backoff_ms == 500 for broker in lab.running_brokers())
