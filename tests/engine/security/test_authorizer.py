"""Yes or no: the rules of Kafka's StandardAuthorizer."""

from uuid import UUID

import pytest

from kafkalab.engine.config import STANDARD_AUTHORIZER, BrokerConfig
from kafkalab.engine.security.acls import AccessControlEntryRecord, Operation, PatternType, Permission, ResourceType
from kafkalab.engine.security.authorizer import Acls, Authorizer

ALLOW, DENY = Permission.ALLOW, Permission.DENY
LITERAL, PREFIXED = PatternType.LITERAL, PatternType.PREFIXED
READ, WRITE, DESCRIBE, ALL = Operation.READ, Operation.WRITE, Operation.DESCRIBE, Operation.ALL


def authorizer(allows_without_acl: str = "false") -> Authorizer:
    given = {
        "authorizer.class.name": STANDARD_AUTHORIZER,
        "super.users": "User:admin;User:root",
        "allow.everyone.if.no.acl.found": allows_without_acl,
    }
    return Authorizer(BrokerConfig.parse(given))


def lists(*entries: tuple[Permission, str, Operation, PatternType, str, str]) -> Acls:
    """(permission, principal, operation, pattern, topic, host)"""
    return {
        UUID(int=number): AccessControlEntryRecord(
            UUID(int=number), ResourceType.TOPIC, name, pattern, principal, host, operation, permission
        )
        for number, (permission, principal, operation, pattern, name, host) in enumerate(entries)
    }


def may(acls: Acls, operation: Operation, topic: str, principal: str = "User:alice", host: str = "10.0.0.7") -> bool:
    return authorizer().allows(acls, principal, host, operation, ResourceType.TOPIC, topic)


def test_what_nobody_allows_is_denied_except_to_super_users() -> None:
    asked = [may({}, READ, "orders", who) for who in ("User:alice", "User:admin", "User:root")]
    assert asked == [False, True, True]


def test_everyone_is_allowed_what_no_list_is_for_if_the_broker_is_told_so() -> None:
    acls = lists((ALLOW, "User:bob", READ, LITERAL, "orders", "*"))
    open_house = authorizer("true")
    asked = [
        open_house.allows(acls, "User:alice", "10.0.0.7", READ, ResourceType.TOPIC, topic)
        for topic in ("orders", "bills")
    ]
    assert asked == [False, True]
    assert [open_house.asks_nobody({}), open_house.asks_nobody(acls), authorizer().asks_nobody({})] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        (LITERAL, "orders", {"orders"}),
        (LITERAL, "*", {"orders", "orders-eu", "bills"}),
        (PREFIXED, "orders", {"orders", "orders-eu"}),
        (PREFIXED, "*", set()),
    ],
)
def test_a_name_a_beginning_or_a_star(pattern: PatternType, name: str, fits: set[str]) -> None:
    acls = lists((ALLOW, "User:alice", READ, pattern, name, "*"))
    assert {topic for topic in ("orders", "orders-eu", "bills") if may(acls, READ, topic)} == fits


def test_a_denial_wins_over_whatever_allows() -> None:
    acls = lists(
        (ALLOW, "User:alice", ALL, LITERAL, "*", "*"),
        (DENY, "User:*", WRITE, PREFIXED, "ord", "*"),
    )
    assert [may(acls, WRITE, "orders"), may(acls, READ, "orders"), may(acls, WRITE, "bills")] == [False, True, True]


@pytest.mark.parametrize("operation", [READ, WRITE, Operation.DELETE, Operation.ALTER])
def test_who_may_use_a_thing_may_describe_it(operation: Operation) -> None:
    allowed = lists((ALLOW, "User:alice", operation, LITERAL, "orders", "*"))
    assert may(allowed, DESCRIBE, "orders")
    denied = lists(
        (ALLOW, "User:alice", DESCRIBE, LITERAL, "orders", "*"), (DENY, "User:alice", operation, LITERAL, "orders", "*")
    )
    assert may(denied, DESCRIBE, "orders"), "a denial implies nothing"


def test_settings_may_be_seen_by_whoever_may_change_them() -> None:
    acls = lists((ALLOW, "User:alice", Operation.ALTER_CONFIGS, LITERAL, "orders", "*"))
    assert [may(acls, Operation.DESCRIBE_CONFIGS, "orders"), may(acls, DESCRIBE, "orders")] == [True, False]


def test_an_entry_for_one_address_is_for_no_other() -> None:
    acls = lists((ALLOW, "User:alice", READ, LITERAL, "orders", "10.0.0.7"))
    assert [may(acls, READ, "orders", host=host) for host in ("10.0.0.7", "10.0.0.8")] == [True, False]


def test_any_topic_will_do_for_an_idempotent_producer() -> None:
    def somewhere(acls: Acls) -> bool:
        return authorizer().allows_some(acls, "User:alice", "10.0.0.7", WRITE, ResourceType.TOPIC)

    one = (ALLOW, "User:alice", WRITE, LITERAL, "orders", "*")
    assert [
        somewhere({}),
        somewhere(lists(one)),
        somewhere(lists(one, (DENY, "User:*", WRITE, LITERAL, "*", "*"))),
        somewhere(lists(one, (DENY, "User:alice", WRITE, PREFIXED, "ord", "*"))),
        somewhere(lists(one, (DENY, "User:alice", WRITE, LITERAL, "bills", "*"))),
    ] == [False, True, False, False, True]
