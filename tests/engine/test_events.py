"""Every fact can say itself in a sentence."""

import dataclasses
from typing import Any, get_type_hints

import pytest

from kafkalab.engine import events
from kafkalab.engine.events import Event, IsrShrunk, LogCompacted, PartitionsAssigned, PartitionsRevoked, TopicCreated

KINDS = [getattr(events, name) for name in events.__all__ if name != "Event"]


def sample(hint: Any) -> Any:
    if hint in (int, bool):
        return 7
    return ("orders-0",) if str(hint).startswith("tuple[str") else (1, 2) if "tuple" in str(hint) else "x"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_fact_is_a_sentence_over_its_own_fields(kind: type[Any]) -> None:
    hints = get_type_hints(kind)
    fact: Event = kind(**{field.name: sample(hints[field.name]) for field in dataclasses.fields(kind)})
    sentence = fact.sentence()
    assert sentence.endswith((".", "x", "7", "]", "0"))
    assert "{" not in sentence
    assert "\n" not in sentence


def test_numbers_are_said_with_the_word_they_need() -> None:
    said = [TopicCreated("orders", number, number).sentence() for number in (1, 2)]
    assert said == [
        "Topic orders was created with 1 partition and 1 replica each.",
        "Topic orders was created with 2 partitions and 2 replicas each.",
    ]
    assert LogCompacted("orders", 0, 1, 0, 9, 1, 80, 8).sentence().endswith(": 1 record is gone.")


def test_lists_are_said_as_a_person_would() -> None:
    assert IsrShrunk("orders", 0, (1, 2, 3), (1,)).sentence() == (
        "The in-sync replicas of orders-0 shrank from [1, 2, 3] to [1]."
    )
    assert PartitionsAssigned("billing-1", "billing", ("orders-0", "orders-2")).sentence() == (
        "billing-1 was assigned orders-0, orders-2."
    )
    assert PartitionsRevoked("billing-1", "billing", ()).sentence() == "billing-1 gave up nothing."
