"""What is wrong in a drill is told to its author by file and line."""

from pathlib import Path

import pytest

from kafkalab.drills import LessonRefused, check, read_drill
from tests.drills.drill import RIGHT, written


def test_this_drill_is_right_but_for_what_each_test_changes(tmp_path: Path) -> None:
    checked = check(read_drill(written(tmp_path)), range(1, 2))
    assert [(played.name, played.incident.won) for played in checked.plays] == [
        ("", True),
        ("second-shop", False),
        ("nothing", False),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("---\nnumber: 1", "number: 1", "01-shop.md:1: a drill begins with YAML between two lines of ---."),
        ("level: 1", "level: [1", "01-shop.md:5: this is not YAML"),
        ("level: 1\n", "", '01-shop.md:2: "level" is missing here.'),
        ("level: 1", "level: 6", "01-shop.md:4: this must be a number from 1 to 5."),
        ("page:", "message:", '01-shop.md:32: "message" is not known here'),
        ("title: A", "title: A\ntitle: A", '01-shop.md:4: "title" stands here twice.'),
        ("pause_producer:", "halt_producer:", "01-shop.md:30: There is no such command."),
        ("after_s: [1, 2]", "after_s: []", "01-shop.md:12: there must be something to choose from."),
        ("after_s: [1, 2]", "faults: [1]", '01-shop.md:12: what is drawn cannot be called "faults".'),
        ("    - name: topics\n", "    - name: To pics\n", "01-shop.md:23: a name is of small letters, digits and -."),
        ("producers.size() == 1", "makers.size() == 1", '01-shop.md:52: the lab has no fact "makers"'),
        ("producers.size() == 1", "producers.size() ==", "01-shop.md:52: this is no expression"),
        ("- call: shop", "- call: police", "01-shop.md:60: nobody can be called for 'police': shop."),
        ("[where, what, how]", "[where, what]", "01-shop.md:58: there are three hints"),
        (", all: All come.}", "}", "01-shop.md:36: there must be three choices or more."),
        (
            "      command: kafka-topics --list\n      shows: orders\n",
            "",
            "01-shop.md:45: evidence is a fact, a command",
        ),
        ("      shows: orders\n", "", "01-shop.md:45: what the command shows is missing here: shows."),
        ("## cause\nIt was paused.\n", "", "01-shop.md:70: its text is missing: ## cause."),
        ("## cause", "## reason", "01-shop.md:73: the headings are ## brief, ## cause, ## debrief, each once."),
        ("## brief", "Text.\n## brief", "01-shop.md:70: text must stand under a heading."),
        ("holds_s: 3", "holds_s: 0", "01-shop.md:49: this must be a number from 1 to 120."),
        ("when: now.", "when: paged.", '01-shop.md:32: "paged" is not known here: before, now.'),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert RIGHT.count(right) >= 1
    with pytest.raises(LessonRefused) as refused:
        read_drill(written(tmp_path, RIGHT.replace(right, wrong, 1)))
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            'steady:\n  holds: now.producers["shop"].state == "running"',
            'steady:\n  holds: now.producers["shop"].state == "idle"',
            "01-shop.md:17: this is no steady state",
        ),
        ("topics.size() > 0", "topics.size() > 9", '01-shop.md:23: "topics" is not healthy before anything is broken.'),
        ("answer: none", "answer: '\"few\"'", "01-shop.md:37: the answer 'few' is none of the choices."),
        ("shows: orders", "shows: bills", "01-shop.md:45: kafka-topics --list does not show 'bills'"),
        ("entity: producer:shop", "entity: producer:shed", "01-shop.md:43: there is no producer:shed on the stage."),
        ("entity: producer:shop", "fact: IsrShrunk", "01-shop.md:43: no such fact was told: IsrShrunk"),
        (
            'goal: now.producers["shop"].state == "running"',
            'goal: now.producers["shop"].state == "paused"',
            "01-shop.md:48: the goal is reached before anybody did anything.",
        ),
        ("  - resume_producer: {name: shop}\n", "", "01-shop.md:48: the solution does not reach the goal under seed 1"),
        (
            "- create_producer: {topic: orders, name: shop2, rate: 5}\nends",
            "- resume_producer: {name: shop}\nends",
            '01-shop.md:63: the wrong move "second-shop" wins under seed 1.',
        ),
        ("producers.size() == 1", "producers.size() == 2", '01-shop.md:52: "Two producers write." does not hold when'),
        ("resume_producer: {name: shop}", "resume_producer: {name: shed}", "01-shop.md:61: the command was refused"),
        (
            "  - resume_producer",
            "  - create_producer: {topic: orders, name: shop3}\n  - resume_producer",
            '01-shop.md:52: with the solution, "Two producers write." is broken under seed 1.',
        ),
    ],
)
def test_a_drill_that_does_not_come_true_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    assert RIGHT.count(right) >= 1
    with pytest.raises(LessonRefused) as refused:
        check(read_drill(written(tmp_path, RIGHT.replace(right, wrong, 1))), range(1, 2))
    assert str(refused.value).startswith(told)
