"""Patterns that come from outside: as in RE2, and never slow."""

import time

import pytest

from kafkalab.engine import patterns

HOSTILE = ("(a+)+$", "(a|aa)+$", "(a*)*b", "([a-z]+)*[A-Z]", "(.*a){25}")


@pytest.mark.parametrize("regex", HOSTILE)
def test_no_pattern_is_slow(regex: str) -> None:
    """Python's own machine would be busy with any of these until the end of the year."""
    text = "a" * 20_000 + "!"
    patterns.check(regex)
    began = time.process_time()
    assert not patterns.matches(regex, text)
    assert time.process_time() - began < 0.5


def test_a_pattern_is_to_be_all_of_the_text() -> None:
    assert [patterns.matches("orders-.*", text) for text in ("orders-1", "my-orders-1", "orders")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("regex", "why"),
    [
        ("a**", "invalid nested repetition operator"),
        ("(a", "missing closing )"),
        ("a(?=b)", "invalid or unsupported Perl syntax"),
        (r"(a)\1", "invalid escape sequence"),
    ],
)
def test_what_is_no_pattern_is_told_why(regex: str, why: str) -> None:
    with pytest.raises(patterns.BadPattern, match=f"^{why.replace(')', '[)]')}$"):
        patterns.check(regex)


def test_a_pattern_may_not_take_much_memory() -> None:
    with pytest.raises(patterns.BadPattern):
        patterns.check("((a{100}){100}){10}")
