import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkalab.engine.coordinators.assignors import join_metadata
from kafkalab.engine.coordinators.consumer_protocol import (
    MalformedMetadata,
    Subscription,
    decode_assignment,
    decode_subscription,
    encode_assignment,
    encode_sticky_user_data,
    encode_subscription,
    with_sticky_memory,
)

OWNED = (("orders", 0), ("orders", 2), ("payments", 1))


def test_a_subscription_lies_on_the_wire_as_version_3() -> None:
    subscription = Subscription(("b", "a"), (("a", 1),), 4, None, "r")
    assert encode_subscription(subscription) == bytes.fromhex(
        "0003 00000002 0001 61 0001 62 ffffffff 00000001 0001 61 00000001 00000001 00000004 0001 72"
    )


def test_a_subscription_comes_back_with_its_topics_sorted() -> None:
    subscription = Subscription(("a", "b"), OWNED, 4, b"user", "rack")
    assert decode_subscription(encode_subscription(subscription)) == subscription


def test_older_and_newer_subscriptions_are_read() -> None:
    version_0 = bytes.fromhex("0000 00000001 0001 61 00000000")
    assert decode_subscription(version_0) == Subscription(("a",), user_data=b"")
    version_1 = bytes.fromhex("0001 00000001 0001 61 ffffffff 00000001 0001 61 00000001 00000005")
    assert decode_subscription(version_1, "i") == Subscription(("a",), (("a", 5),), instance_id="i")
    version_9 = bytes.fromhex("0009 00000001 0001 61 ffffffff 00000000 00000003 ffff") + b"more"
    assert decode_subscription(version_9) == Subscription(("a",), generation=3)


@pytest.mark.parametrize(
    "metadata", ["", "00", "ffff", "0000 ffffffff ffffffff", "0000 80000000", "0001 00000000 ffffffff ffffffff"]
)
def test_bytes_that_are_no_subscription_are_refused(metadata: str) -> None:
    with pytest.raises(MalformedMetadata):
        decode_subscription(bytes.fromhex(metadata))


@given(st.binary(max_size=40))
def test_nothing_a_member_says_is_worse_than_malformed(metadata: bytes) -> None:
    try:
        decode_subscription(metadata)
    except MalformedMetadata:
        return


def test_an_assignment_comes_back() -> None:
    assert decode_assignment(encode_assignment(OWNED)) == OWNED
    assert decode_assignment(b"") == ()
    with pytest.raises(MalformedMetadata):
        decode_assignment(b"\x00")


def test_a_sticky_members_memory_is_in_its_user_data() -> None:
    told = decode_subscription(join_metadata("sticky", ("orders",), OWNED, 7))
    assert (told.owned, told.generation) == ((), 7)
    remembered = with_sticky_memory(told)
    assert (remembered.owned, remembered.generation) == (OWNED, 7)


def test_sticky_user_data_of_version_0_end_before_the_generation() -> None:
    data = encode_sticky_user_data(OWNED, 7)[:-4]
    remembered = with_sticky_memory(Subscription(("orders",), user_data=data))
    assert (remembered.owned, remembered.generation) == (OWNED, -1)


@given(st.binary(max_size=40))
def test_sticky_user_data_that_cannot_be_read_count_as_none(data: bytes) -> None:
    with_sticky_memory(Subscription(("orders",), user_data=data))


def test_a_cooperative_member_tells_what_it_owns() -> None:
    told = decode_subscription(join_metadata("cooperative-sticky", ("orders",), OWNED, 7))
    assert told == Subscription(("orders",), OWNED, 7, b"\x00\x00\x00\x07")
