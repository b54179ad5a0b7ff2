"""What real clients ask is kept as it was sent, read field by field when somebody looks, and bounded."""

import asyncio
import struct

import pytest

from kafkalab.lab.fields_of import BYTES_SHOWN, FieldOf
from kafkalab.lab.overheard import KEPT_OF_EACH_API, LARGEST_KEPT, MOST_BYTES, Overheard
from kafkalab.lab.visitors import Visitor
from kafkalab.wire.api import ApiKey
from kafkalab.wire.translate import encode_request
from tests.lab.test_gateway import WHO, Street, on_a_street, produce

pytestmark = pytest.mark.clock


def by_name(fields: list[FieldOf] | tuple[FieldOf, ...] | None) -> dict[str, FieldOf]:
    assert fields is not None
    return {field.name: field for field in fields}


def visitor(number: int) -> Visitor:
    return Visitor(number, "127.0.0.1", "tester", "probe", "1.0", connections={f"connection-{number}": 2})


def frame_of(size: int) -> bytes:
    """A Produce request with so many bytes of value."""
    return b"".join(encode_request(ApiKey.PRODUCE, 9, 7, "tester", produce("orders", bytes(size))))[4:]


def test_a_request_and_its_answer_are_read_field_by_field() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        await client.versions()
        client.send(ApiKey.PRODUCE, 9, 42, produce("orders", b"one", b"two"))
        await client.hear(ApiKey.PRODUCE, 9)
        overheard = street.lab.overheard
        produced, introduced = overheard.last(1)
        assert overheard.apis(1) == ["ApiVersions", "Produce"]
        assert overheard.last(1, "ApiVersions") == [introduced]
        assert (produced.api, produced.api_version, produced.correlation_id) == ("Produce", 9, 42)
        assert (produced.client_id, produced.broker) == ("tester", 1)
        assert by_name(introduced.request)["client_software_name"].value == '"probe"'
        request = by_name(produced.request)
        assert (request["acks"].value, request["timeout"].value) == ("-1", "10000 ms")
        [topic] = request["topic_data"].rows
        assert by_name(topic)["name"].value == '"orders"'
        [part] = by_name(topic)["partition_data"].rows
        said = by_name(part)["records"].value
        assert said.startswith("2 records in 1 batch, ")
        assert said.endswith(" …")
        assert len(said.rpartition(": ")[2].split()) == BYTES_SHOWN + 1
        # The topic is made on demand, so what is answered first may be either.
        [answered] = by_name(produced.answer)["responses"].rows
        [result] = by_name(answered)["partition_responses"].rows
        assert by_name(result)["error_code"].value in ("0 (NONE)", "3 (UNKNOWN_TOPIC_OR_PARTITION)")

    on_a_street(test)


def test_who_is_gone_is_forgotten() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        await client.versions()
        client.writer.close()
        while street.gateway.connections:
            await street.lab.until_ready()
            await asyncio.sleep(0.01)
        assert (street.lab.overheard.last(1), street.lab.overheard.kept) == ([], 0)

    on_a_street(test)


def test_a_few_are_kept_of_each_api() -> None:
    overheard, client = Overheard(), visitor(1)
    heartbeat = struct.pack(">hhih", ApiKey.API_VERSIONS, 0, 1, -1)
    overheard.asked(1, client, "connection-1", 1, (ApiKey.PRODUCE, 9), frame_of(10))
    for number in range(2, 100):
        overheard.asked(number, client, "connection-1", number, (ApiKey.API_VERSIONS, 0), heartbeat)
    kept = overheard.last(1, most=1000)
    assert [it.at_us for it in kept] == [*range(99, 99 - KEPT_OF_EACH_API, -1), 1]
    assert overheard.kept == len(frame_of(10)) + KEPT_OF_EACH_API * len(heartbeat)


def test_no_more_bytes_are_kept_than_the_bound_and_who_was_silent_goes_first() -> None:
    overheard = Overheard()
    silent, *busy = [visitor(number) for number in range(1, 14)]
    large = frame_of(LARGEST_KEPT // 2)
    for at_us, client in enumerate([silent, *busy * KEPT_OF_EACH_API]):
        overheard.asked(at_us, client, f"connection-{client.number}", at_us, (ApiKey.PRODUCE, 9), large)
        assert overheard.kept <= MOST_BYTES
    assert overheard.last(1) == []
    assert [it.at_us for it in overheard.last(13)] == [12 * turn for turn in range(KEPT_OF_EACH_API, 0, -1)]


def test_of_a_frame_that_is_too_large_the_header_is_kept() -> None:
    overheard, client = Overheard(), visitor(1)
    overheard.asked(1, client, "connection-1", 1, (ApiKey.PRODUCE, 9), frame_of(LARGEST_KEPT))
    [told] = overheard.last(1)
    assert (told.api, told.correlation_id, told.client_id, told.request) == ("Produce", 7, "tester", None)
    assert told.request_size > LARGEST_KEPT
    assert overheard.kept < 1000


def test_what_holds_a_password_is_never_kept() -> None:
    overheard, client = Overheard(), visitor(1)
    for key in (ApiKey.SASL_HANDSHAKE, ApiKey.SASL_AUTHENTICATE):
        overheard.asked(1, client, "connection-1", 1, (key, 1), b"secret")
    assert overheard.apis(1) == []


def test_an_answer_that_comes_after_its_request_was_dropped_is_not_kept() -> None:
    overheard, client = Overheard(), visitor(1)
    overheard.asked(1, client, "connection-1", 1, (ApiKey.PRODUCE, 9), frame_of(10))
    overheard.left(client)
    overheard.answered(2, "connection-1", 1, 9, [b"late"])
    assert overheard.kept == 0


def test_tagged_fields_that_nobody_knows_are_passed_over() -> None:
    overheard, client = Overheard(), visitor(1)
    frame = b"".join(encode_request(ApiKey.API_VERSIONS, 4, 7, "tester", WHO))[4:]
    # In place of "no tagged fields": one, with tag 99, of one byte.
    newer = frame[:-1] + bytes((1, 99, 1, 42))
    overheard.asked(1, client, "connection-1", 1, (ApiKey.API_VERSIONS, 4), newer)
    [told] = overheard.last(1)
    assert by_name(told.request)["client_software_name"].value == '"probe"'
