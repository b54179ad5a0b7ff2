"""Expressions look at nothing but what they name, and find the same as if they looked at everything."""

from pathlib import Path

import pytest

from kafkalab.lessons.expressions import Expression
from kafkalab.lessons.facts import ROOTS, Facts
from kafkalab.lessons.located import LessonRefused, Located, Place

FACTS: Facts = {root: {} for root in ROOTS} | {
    "groups": {"billing": {"lag": 3, "members": [{"lag": 1}]}, "mailing": {"lag": 4}},
    "time_s": 2.5,
}


def value(text: str) -> object:
    return Expression(Located(Place(Path("lesson.md"), 1), text), ("now",)).value(now=FACTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('now.groups["billing"].lag', 3),
        ("now.groups['billing'].lag + now.groups['mailing'].lag", 7),
        ('now.groups["billing"].lag + now.groups.size()', 5),
        ('now.groups.exists(g, g == "mailing") && now.groups["billing"].lag == 3', True),
        ('["billing", "mailing"].all(g, now.groups[g].lag > 2)', True),
        ('now["groups"].size() == 2 && now.groups["billing"].lag == 3', True),
        ('now.groups["bil" + "ling"].lag', 3),
        ('now.groups["billing"].lag + now.groups["billing"]["lag"]', 6),
        ('now.groups["billing"].size() + now.groups["mailing"].lag', 6),
        ('now.groups["billing"].members.all(m, m.lag == 1) && now.groups["billing"].lag == 3', True),
        ("now.time_s", 2.5),
    ],
)
def test_what_an_expression_finds(text: str, expected: object) -> None:
    assert value(text) == expected


def test_a_name_under_which_nothing_is_refuses_a_value_and_leaves_a_goal_unreached() -> None:
    with pytest.raises(LessonRefused):
        value('now.groups["audit"].lag')
    place = Place(Path("lesson.md"), 1)
    assert not Expression(Located(place, 'now.groups["audit"].lag == 0'), ("now",)).reached(now=FACTS)
