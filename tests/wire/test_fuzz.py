"""A bounded sample of the fuzzer; `python -m tests.wire.fuzz --requests 1000000` is the long form."""

from random import Random

import pytest

from kafkalab.wire.translate import decode_request
from tests.wire.fuzz.__main__ import assault
from tests.wire.fuzz.mutations import mutated
from tests.wire.fuzz.seeds import HARMFUL, seeds


def test_every_seed_is_a_request_that_the_wire_understands() -> None:
    for seed in seeds(Random(1), (), 2):
        assert decode_request(seed.frame)[:2] == (seed.api_key, seed.version)


def test_the_same_seed_makes_the_same_requests() -> None:
    def made() -> list[bytes]:
        random = Random(7)
        arsenal = list(seeds(random, (), 1))
        return [mutated(random.choice(arsenal), random.choice(arsenal), random) for _ in range(500)]

    assert made() == made()


def test_what_an_administrator_may_rightly_break_is_never_sent_whole() -> None:
    random = Random(3)
    arsenal = list(seeds(random, (), 4))
    whole = {seed.frame for seed in arsenal if seed.api_key in HARMFUL}
    sent = {mutated(seed, random.choice(arsenal), random) for seed in arsenal if seed.api_key in HARMFUL}
    assert sent.isdisjoint(whole)


@pytest.mark.timeout(400)
def test_ten_thousand_requests_that_no_client_would_send_harm_nobody() -> None:
    seen = assault(requests=10_000, seed=11)
    assert seen["harm"] == []
    assert seen["requests"] >= 10_000
    assert seen["witness rounds"] > 0
