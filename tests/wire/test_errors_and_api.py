"""The tables: error codes with their sentences, API keys with their versions."""

import re

from kio.schema.index import api_key_map, schema_name_map

from kafkalab.wire.api import SERVED, ApiKey, name_of, newest
from kafkalab.wire.errors import ErrorCode, constant, retriable, sentence


def test_every_error_code_has_a_sentence_of_its_own() -> None:
    sentences = [sentence(code) for code in ErrorCode]
    assert [text for text in sentences if not re.fullmatch(r"[A-Z\"a].*\.", text)] == []
    assert len(set(sentences)) == len(sentences)


def test_an_error_code_knows_its_name_in_kafka_and_whether_to_try_again() -> None:
    assert constant(ErrorCode.not_leader_or_follower) == "NOT_LEADER_OR_FOLLOWER"
    assert retriable(ErrorCode.not_leader_or_follower)
    assert not retriable(ErrorCode.offset_out_of_range)


def test_every_key_of_kafka_s_has_its_name() -> None:
    assert {key: name.upper() for key, name in api_key_map.items()} == {key.value: key.name for key in ApiKey}


def test_all_versions_that_kafka_serves_are_served() -> None:
    served = {key: list(versions) for key, versions in SERVED.items()}
    known = {key: sorted(schema_name_map[api_key_map[key]]) for key in SERVED}
    # The next version is written down, but brokers of 4.3 do not take it yet (KIP-939).
    known[ApiKey.INIT_PRODUCER_ID].remove(6)
    assert served == known


def test_names_are_as_in_kafka_s_message_definitions() -> None:
    assert [name_of(key) for key in (1, 2, 22, 23, 4711)] == [
        "Fetch",
        "ListOffsets",
        "InitProducerId",
        "OffsetForLeaderEpoch",
        "API 4711",
    ]
    assert newest(ApiKey.METADATA) == 13
