"""Quotas are set, told, refused in Kafka's words, and outlive everybody who knew them."""

from typing import Any

import pytest

from kafkalab.engine.controller.codec import decode, encode
from kafkalab.engine.controller.metadata import ClientQuotaRecord, MetadataImage
from kafkalab.engine.controller.snapshots import records_of
from kafkalab.engine.quotas.altering import alter_client_quotas, describe_client_quotas
from kafkalab.engine.quotas.limits import Entity, of_both, of_client, of_user
from kafkalab.engine.refused import Refused
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room
from tests.engine.quotas.asking import DONE, alter, alteration, altering, describing, told


def image() -> MetadataImage:
    made = MetadataImage("cluster", 3000)
    for offset, record in enumerate(
        ClientQuotaRecord(entity, key, value) for entity, each in QUOTAS.items() for key, value in each.items()
    ):
        made.replay(record, offset)
    return made


QUOTAS: dict[Entity, dict[str, float]] = {
    of_user("ann"): {"producer_byte_rate": 1000.0, "request_percentage": 12.5},
    of_user(None): {"producer_byte_rate": 2000.0},
    of_both("ann", "app"): {"consumer_byte_rate": 3000.0},
    of_client("app"): {"controller_mutation_rate": 1.5},
    (("ip", "10.0.0.1"),): {"connection_creation_rate": 5.0},
}


def test_what_is_set_is_told_by_every_broker_and_can_be_taken_away() -> None:
    room = Room()
    assert alter(room, of_client("app"), producer_byte_rate=1000.0, consumer_byte_rate=2000.0) == DONE
    assert alter(room, of_client("app"), consumer_byte_rate=None) == DONE
    for broker in (1, 2, 3):
        answer = room.ask(broker, ApiKey.DESCRIBE_CLIENT_QUOTAS, describing())
        assert told(answer) == {of_client("app"): {"producer_byte_rate": 1000.0}}
    assert alter(room, of_client("app"), producer_byte_rate=None) == DONE
    assert told(room.ask(2, ApiKey.DESCRIBE_CLIENT_QUOTAS, describing())) == {}


def test_quotas_outlive_a_crash_of_everybody() -> None:
    room = Room()
    alter(room, of_both("ann", None), request_percentage=12.5)
    for node in list(room.cluster.brokers):
        room.cluster.crash(node)
        room.cluster.start_broker(node)
    room.run(5)
    answer = room.ask(2, ApiKey.DESCRIBE_CLIENT_QUOTAS, describing())
    assert told(answer) == {of_both("ann", None): {"request_percentage": 12.5}}


def test_a_snapshot_has_them() -> None:
    copy = MetadataImage("cluster", 3000)
    for offset, record in enumerate(records_of(image())):
        copy.replay(decode(encode(record)), offset)
    assert copy.client_quotas == QUOTAS


def test_a_record_reads_as_kafka_dumps_it() -> None:
    assert encode(ClientQuotaRecord(of_both("ann", None), "request_percentage", 12.5)) == (
        b'{"type":"CLIENT_QUOTA_RECORD","version":0,"data":{"entity":[{"entityType":"client-id","entityName":null},'
        b'{"entityType":"user","entityName":"ann"}],"key":"request_percentage","value":12.5}}'
    )


@pytest.mark.parametrize(
    ("components", "strict", "found"),
    [
        ((), False, list(QUOTAS)),
        ((("user", 0, "ann"),), False, [of_user("ann"), of_both("ann", "app")]),
        ((("user", 0, "ann"),), True, [of_user("ann")]),
        ((("user", 1, None),), True, [of_user(None)]),
        ((("user", 2, None),), True, [of_user("ann"), of_user(None)]),
        ((("user", 2, None), ("client-id", 0, "app")), True, [of_both("ann", "app")]),
        ((("ip", 2, None),), False, [(("ip", "10.0.0.1"),)]),
    ],
)
def test_a_filter_finds(components: Any, strict: bool, found: list[Entity]) -> None:
    assert list(told(describe_client_quotas(image(), describing(*components, strict=strict)))) == found


@pytest.mark.parametrize(
    ("components", "error", "words"),
    [
        ((("", 0, "x"),), "invalid_request", "Invalid empty entity type."),
        ((("group", 0, "x"),), "unsupported_version", "Unsupported entity type group"),
        (
            (("user", 0, "x"), ("user", 1, None)),
            "invalid_request",
            "Entity type user cannot appear more than once in the filter.",
        ),
        (
            (("user", 0, None),),
            "invalid_request",
            "Request specified MATCH_TYPE_EXACT, but set match string to null.",
        ),
        (
            (("user", 2, "x"),),
            "invalid_request",
            "Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.",
        ),
        ((("user", 9, None),), "invalid_request", "Unknown match type 9"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(components: Any, error: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        describe_client_quotas(image(), describing(*components))
    assert (refused.value.error_code, refused.value.message) == (ErrorCode[error], words)


@pytest.mark.parametrize(
    ("entity", "op", "words"),
    [
        ((), ("producer_byte_rate", 1.0), "Invalid empty client quota entity"),
        ((("group", "g"),), ("producer_byte_rate", 1.0), "Unhandled client quota entity type: group"),
        (of_user(""), ("producer_byte_rate", 1.0), "Empty user not supported"),
        (of_user("ann"), ("bytes", 1.0), "Invalid configuration key bytes"),
        (of_user("ann"), ("connection_creation_rate", 1.0), "Invalid configuration key connection_creation_rate"),
        (of_user("ann"), ("producer_byte_rate", -1.0), "Quota producer_byte_rate must be greater than 0"),
        (of_user("ann"), ("producer_byte_rate", 1.5), "producer_byte_rate cannot be a fractional value."),
        (
            of_user("ann"),
            ("consumer_byte_rate", 1e30),
            "Proposed value for consumer_byte_rate is too large for a LONG.",
        ),
        (
            (("ip", "10.0.0.1"),),
            ("connection_creation_rate", 1e10),
            "Proposed value for connection_creation_rate is too large for an INT.",
        ),
        ((("ip", "10.0.0.1"),), ("producer_byte_rate", 1.0), "Invalid configuration key producer_byte_rate"),
        ((("ip", "nowhere"),), ("connection_creation_rate", 1.0), "nowhere is not a valid IP or resolvable host."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(entity: Entity, op: Any, words: str) -> None:
    decision = alter_client_quotas(image(), altering(alteration(entity, op)))
    (entry,) = decision.body.entries
    assert (entry.error_code, entry.error_message) == (ErrorCode.invalid_request, words)
    assert decision.records == ()


def test_only_what_differs_is_written_and_nothing_where_one_only_asks() -> None:
    entry = alteration(
        of_user("ann"), ("producer_byte_rate", 1000.0), ("request_percentage", 20.0), ("consumer_byte_rate", None)
    )
    assert alter_client_quotas(image(), altering(entry)).records == (
        ClientQuotaRecord(of_user("ann"), "request_percentage", 20.0),
    )
    assert alter_client_quotas(image(), altering(entry, validate_only=True)).records == ()
