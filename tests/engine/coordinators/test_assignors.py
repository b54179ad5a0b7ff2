from hypothesis import given
from hypothesis import strategies as st

from kafkalab.engine.coordinators.assignors import ASSIGNORS, Subscription, TopicPartition, assign
from kafkalab.engine.coordinators.consumer_protocol import encode_sticky_user_data

Assignment = dict[str, list[TopicPartition]]


def members(*names: str, topics: tuple[str, ...] = ("t0", "t1")) -> dict[str, Subscription]:
    return {name: Subscription(topics) for name in names}


def on(topic: str, *partitions: int) -> list[TopicPartition]:
    return [(topic, partition) for partition in partitions]


def holding(assignor: str, topics: tuple[str, ...], owned: list[TopicPartition], generation: int = 1) -> Subscription:
    """A member as it comes back, with what it had."""
    if assignor == "sticky":
        return Subscription(topics, user_data=encode_sticky_user_data(tuple(owned), generation))
    return Subscription(topics, tuple(owned), generation)


def settled(assignor: str, subscriptions: dict[str, Subscription], partitions: dict[str, int]) -> Assignment:
    """The assignment after as many rebalances as it takes (cooperative-sticky needs two)."""
    assignment = assign(assignor, subscriptions, partitions)
    for generation in range(5, 8):
        again = {
            name: holding(assignor, subscriptions[name].topics, owned, generation) for name, owned in assignment.items()
        }
        assignment = assign(assignor, again, partitions)
    return assignment


# -- range and roundrobin ------------------------------------------------------------------------------


def test_range_gives_neighbouring_partitions_and_the_first_members_one_more_of_each_topic() -> None:
    assert assign("range", members("m1", "m0"), {"t0": 3, "t1": 3}) == {
        "m0": on("t0", 0, 1) + on("t1", 0, 1),
        "m1": on("t0", 2) + on("t1", 2),
    }


def test_roundrobin_deals_out_all_partitions_in_turn() -> None:
    assert assign("roundrobin", members("m0", "m1"), {"t0": 3, "t1": 3}) == {
        "m0": on("t0", 0, 2) + on("t1", 1),
        "m1": on("t0", 1) + on("t1", 0, 2),
    }


def test_roundrobin_passes_over_members_that_do_not_want_the_topic() -> None:
    wanting = {"m0": Subscription(("t0",)), "m1": Subscription(("t0", "t1")), "m2": Subscription(("t0", "t1", "t2"))}
    assert assign("roundrobin", wanting, {"t0": 1, "t1": 2, "t2": 3}) == {
        "m0": on("t0", 0),
        "m1": on("t1", 0),
        "m2": on("t1", 1) + on("t2", 0, 1, 2),
    }


def test_static_members_are_taken_in_the_order_of_their_instance_ids() -> None:
    returned = {
        "new-1": Subscription(("t0",), instance_id="b"),
        "new-2": Subscription(("t0",), instance_id="a"),
        "dynamic": Subscription(("t0",)),
    }
    assert assign("range", returned, {"t0": 3}) == {"new-2": on("t0", 0), "new-1": on("t0", 1), "dynamic": on("t0", 2)}


def test_topics_that_do_not_exist_are_passed_over() -> None:
    for assignor in ASSIGNORS:
        assert assign(assignor, members("m0", topics=("ghosts",)), {"t0": 3}) == {"m0": []}


def test_more_members_than_partitions_leaves_some_idle() -> None:
    for assignor in ASSIGNORS:
        sizes = sorted(map(len, assign(assignor, members("a", "b", "c", topics=("t0",)), {"t0": 2}).values()))
        assert sizes == [0, 1, 1]


# -- sticky ----------------------------------------------------------------------------------------------


def test_without_memory_sticky_deals_out_all_partitions_in_turn() -> None:
    assert assign("sticky", members("m0", "m1", "m2"), {"t0": 4, "t1": 3}) == {
        "m0": on("t0", 0, 3) + on("t1", 2),
        "m1": on("t0", 1) + on("t1", 0),
        "m2": on("t0", 2) + on("t1", 1),
    }


def test_when_a_member_leaves_sticky_moves_only_its_partitions() -> None:
    left = {
        "m0": holding("sticky", ("t0",), on("t0", 0, 3)),
        "m2": holding("sticky", ("t0",), on("t0", 2, 5)),
    }
    assert assign("sticky", left, {"t0": 6}) == {"m0": on("t0", 0, 3, 1), "m2": on("t0", 2, 5, 4)}


def test_when_a_member_comes_sticky_moves_no_more_than_its_share() -> None:
    more = {
        "m0": holding("sticky", ("t0",), on("t0", 0, 2, 4)),
        "m1": holding("sticky", ("t0",), on("t0", 1, 3, 5)),
        "m2": Subscription(("t0",)),
    }
    assert assign("sticky", more, {"t0": 6}) == {"m0": on("t0", 0, 2), "m1": on("t0", 1, 3), "m2": on("t0", 4, 5)}


def test_of_two_claims_the_one_of_the_newer_generation_counts() -> None:
    claims = {
        "m0": holding("sticky", ("t0",), on("t0", 0, 1), 4),
        "m1": holding("sticky", ("t0",), on("t0", 0, 1), 5),
        "m2": Subscription(("t0",)),
    }
    assert assign("sticky", claims, {"t0": 3}) == {"m0": on("t0", 1), "m1": on("t0", 0), "m2": on("t0", 2)}


def test_a_partition_claimed_twice_in_one_generation_belongs_to_neither() -> None:
    claims = {"m0": Subscription(("t0",), (("t0", 0),), 5), "m1": Subscription(("t0",), (("t0", 0),), 5)}
    assert assign("cooperative-sticky", claims, {"t0": 2}) == {"m0": [], "m1": on("t0", 1)}


def test_members_that_want_different_topics_are_balanced_as_far_as_that_goes() -> None:
    wanting = {"m0": Subscription(("t0",)), "m1": Subscription(("t0", "t1")), "m2": Subscription(("t0", "t1", "t2"))}
    assert assign("sticky", wanting, {"t0": 1, "t1": 2, "t2": 3}) == {
        "m0": on("t0", 0),
        "m1": on("t1", 0, 1),
        "m2": on("t2", 0, 1, 2),
    }


# -- cooperative-sticky ------------------------------------------------------------------------------------


def test_a_partition_that_another_still_owns_waits_for_a_second_rebalance() -> None:
    more = {
        "m0": holding("cooperative-sticky", ("t0",), on("t0", 0, 1, 2, 3)),
        "m1": Subscription(("t0",)),
    }
    assert assign("cooperative-sticky", more, {"t0": 4}) == {"m0": on("t0", 0, 1), "m1": []}
    revoked = more | {"m0": holding("cooperative-sticky", ("t0",), on("t0", 0, 1), 2)}
    assert assign("cooperative-sticky", revoked, {"t0": 4}) == {"m0": on("t0", 0, 1), "m1": on("t0", 2, 3)}


# -- what must hold whatever the group ---------------------------------------------------------------------

TOPICS = ("a", "b", "c", "d")
PARTITIONS = st.fixed_dictionaries({topic: st.integers(0, 5) for topic in TOPICS})
WANTS = st.lists(st.sampled_from(TOPICS), min_size=1, unique=True).map(tuple)
HELD = st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(0, 5)), max_size=6, unique=True)
MEMBER = st.tuples(WANTS, HELD, st.integers(-1, 3))
GROUP = st.dictionaries(st.sampled_from(["m1", "m2", "m3", "m4", "m5"]), MEMBER, min_size=1)


def subscriptions_of(assignor: str, group: dict[str, tuple]) -> dict[str, Subscription]:
    return {name: holding(assignor, wants, held, generation) for name, (wants, held, generation) in group.items()}


@given(st.sampled_from(ASSIGNORS[:3]), GROUP, PARTITIONS)
def test_every_wanted_partition_goes_to_exactly_one_member_that_wants_it(
    assignor: str, group: dict[str, tuple], partitions: dict[str, int]
) -> None:
    subscriptions = subscriptions_of(assignor, group)
    assignment = assign(assignor, subscriptions, partitions)
    given_out = sorted(it for owned in assignment.values() for it in owned)
    wanted = {topic for member in subscriptions.values() for topic in member.topics}
    assert given_out == [(topic, p) for topic in TOPICS if topic in wanted for p in range(partitions[topic])]
    assert all(it[0] in subscriptions[name].topics for name, owned in assignment.items() for it in owned)


@given(GROUP, PARTITIONS)
def test_cooperative_sticky_gives_nobody_what_another_owns_and_settles(
    group: dict[str, tuple], partitions: dict[str, int]
) -> None:
    subscriptions = subscriptions_of("cooperative-sticky", group)
    assignment = assign("cooperative-sticky", subscriptions, partitions)
    newest = max(member.generation for member in subscriptions.values())
    for name, owned in assignment.items():
        for other, member in subscriptions.items():
            if other != name and member.generation == newest:
                assert not set(owned) & set(member.owned)
    end = settled("cooperative-sticky", subscriptions, partitions)
    wanted = {topic for member in subscriptions.values() for topic in member.topics}
    everything = [(topic, p) for topic in TOPICS if topic in wanted for p in range(partitions[topic])]
    assert sorted(it for owned in end.values() for it in owned) == everything


@given(st.sampled_from(("sticky", "cooperative-sticky")), GROUP, PARTITIONS, WANTS)
def test_with_equal_subscriptions_the_sticky_shares_differ_by_one_at_most(
    assignor: str, group: dict[str, tuple], partitions: dict[str, int], wants: tuple[str, ...]
) -> None:
    same = {name: (wants, held, generation) for name, (_, held, generation) in group.items()}
    sizes = [len(owned) for owned in settled(assignor, subscriptions_of(assignor, same), partitions).values()]
    assert max(sizes) - min(sizes) <= 1


@given(st.sampled_from(("sticky", "cooperative-sticky")), GROUP, PARTITIONS)
def test_a_settled_group_stays_as_it_is(assignor: str, group: dict[str, tuple], partitions: dict[str, int]) -> None:
    subscriptions = subscriptions_of(assignor, group)
    before = settled(assignor, subscriptions, partitions)
    again = {name: holding(assignor, subscriptions[name].topics, owned, 9) for name, owned in before.items()}
    after = assign(assignor, again, partitions)
    assert {name: sorted(owned) for name, owned in after.items()} == {
        name: sorted(owned) for name, owned in before.items()
    }


@given(GROUP, PARTITIONS, WANTS)
def test_when_a_member_leaves_the_others_keep_all_they_have(
    group: dict[str, tuple], partitions: dict[str, int], wants: tuple[str, ...]
) -> None:
    same = {name: (wants, held, generation) for name, (_, held, generation) in group.items()}
    before = settled("sticky", subscriptions_of("sticky", same), partitions)
    left = {name: holding("sticky", wants, owned, 9) for name, owned in list(before.items())[1:]}
    if left:
        after = assign("sticky", left, partitions)
        assert all(set(before[name]) <= set(owned) for name, owned in after.items())
