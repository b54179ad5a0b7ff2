"""Expressions that are made into functions say the same as celpy, which evaluates all of CEL."""

from typing import Any

import celpy
import pytest
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError

from kafkalab.lessons.cel import NotHere, function_of
from kafkalab.lessons.cel_values import Unknown
from kafkalab.lessons.expressions import _plain

ENVIRONMENT = celpy.Environment()
NOW: dict[str, Any] = {
    "signs": {"offline": 0, "rate": 2.5, "well": True},
    "partitions": {"orders-0": {"isr": [1, 2, 3], "leader": 1}, "orders-1": {"isr": [2], "leader": -1}},
    "names": ["ann", "bob", "cid"],
}
EXPRESSIONS = (
    "1 + 2 * 3 - 4",
    "(1 + 2) * 3",
    "-7 / 2",
    "-7 % 3",
    "7 / 2 == 3 && 7 % 2 == 1",
    "now.signs.rate / 2.0",
    "-now.signs.offline - 1",
    "0x1F + 010",
    "'a' + \"b\"",
    "[1, 2] + [3]",
    "[] == []",
    "true == false",
    "now.signs.well ? 'up' : 'down'",
    "!now.signs.well || now.signs.offline == 0",
    "false || now.nothing == 1 || true",
    "now.nothing == 1 && false",
    "now.nothing == 1 && true",
    "now.nothing == 1 || false",
    "now.names[1]",
    "now.names[3]",
    "now.partitions['orders-0'].isr.size() == 3",
    "size(now.names) + size('four')",
    "'bob' in now.names",
    "'orders-0' in now.partitions",
    "4 in [1, 2, 3]",
    "now.names.map(n, n + '!')",
    "now.names.filter(n, n != 'bob')",
    "now.names.all(n, n.size() == 3)",
    "now.names.exists(n, n.startsWith('c'))",
    "now.names.exists_one(n, n.endsWith('n'))",
    "now.partitions.all(p, now.partitions[p].leader > 0)",
    "now.partitions.exists(p, now.partitions[p].missing == 1 || p.endsWith('-0'))",
    "now.partitions.filter(p, now.partitions[p].leader == -1)",
    "now.partitions.map(p, now.partitions[p].isr.filter(b, b > 1).size())",
    "[1, 2].map(a, [3, 4].map(b, a * b))",
    "string(now.partitions['orders-0'].leader) + string(2.5)",
    "int('12') + int(3.9)",
    "double('1.5') + 1.0",
    "'orders'.contains('der')",
    "1 / 0",
    "'a' < 'b'",
    "3 >= 2 && 2 <= 2 && 1 < 2 && 2 > 1 && 1 != 2",
    "now.names",
    "{'a': 1, 'b': [2]}",
    "{}",
    "{1: 'one', 2: 'two'}[now.partitions['orders-0'].leader]",
)


def value(text: str, *, by_celpy: bool) -> Any:
    """Or that there is none."""
    tree = ENVIRONMENT.compile(text)
    try:
        if by_celpy:
            return _plain(ENVIRONMENT.program(tree).evaluate({"now": json_to_cel(NOW)}))
        return _plain(function_of(tree)({"now": NOW}))
    except (CELEvalError, Unknown):
        return "no value"


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_both_say_the_same(text: str) -> None:
    assert value(text, by_celpy=False) == value(text, by_celpy=True)


def test_where_celpy_departs_from_the_language_functions_keep_to_it() -> None:
    assert [value("1 == 1.0", by_celpy=False), value("1 == 1.0", by_celpy=True)] == [True, "no value"]
    nothing = "{'x': now.nothing}"
    assert [value(nothing, by_celpy=False), value(nothing, by_celpy=True)] == ["no value", {"x": None}]
    assert [value("string(true)", by_celpy=False), value("string(true)", by_celpy=True)] == ["true", "True"]


def test_what_is_not_made_into_a_function_is_left_to_celpy() -> None:
    with pytest.raises(NotHere):
        function_of(ENVIRONMENT.compile("now.names.map(n, n).size() > 0 && 'a'.matches('a+')"))
