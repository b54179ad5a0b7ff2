"""Every demo that is shipped holds: what its cards assert is false before them and true after, and a class has time."""

from pathlib import Path

import pytest

from kafkalab.lessons import LessonRefused, read_lessons
from kafkalab.lessons.demo import read_demo, read_demos
from kafkalab.lessons.demo_play import check_demo

FIXTURES = Path(__file__).parents[2] / "fixtures"
DEMOS = FIXTURES / "demos"


def test_each_lesson_has_a_demo_of_its_name() -> None:
    lessons = [(lesson.number, lesson.name) for lesson in read_lessons(FIXTURES / "lessons")]
    assert [(demo.lesson, demo.name) for demo in read_demos(DEMOS)] == lessons
    assert len(lessons) == 22


@pytest.mark.parametrize("file", sorted(DEMOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_demo_holds_and_takes_a_few_minutes(file: Path) -> None:
    demo = read_demo(file)
    assert 3 <= check_demo(demo).minutes <= 8.5
    # Nothing surprising happens before the class was asked, and whatever happens is looked at.
    assert sum(bool(card.ask) for card in demo.cards) >= 3
    assert [card.title for card in demo.cards if card.do and not card.proofs] == []


RIGHT = """lesson: 1
title: A log
cluster:
  brokers: 1
  prepare:
    - create_topic: {name: orders, partitions: 1, replication_factor: 1}
cards:
  - title: One record
    say: I send one.
    ask: Where is it?
    do:
      - send_record: {topic: orders, value: a}
    show: {lens: log, at: "partition:orders:0"}
    holds:
      - says: It is in the log.
        holds: now.partitions["orders-0"].log_end == 1
      - says: The topic is still there.
        holds: now.topics["orders"].partitions == 1
        already: true
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "01-log.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_this_demo_is_right_but_for_what_each_test_changes(tmp_path: Path) -> None:
    demo = read_demo(written(tmp_path, RIGHT))
    assert (demo.lesson, demo.name, demo.cards[0].say) == (1, "log", "I send one.")
    assert check_demo(demo).demo is demo


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("lesson: 1\n", "", '01-log.yaml:1: "lesson" is missing here.'),
        ("title: A log", "title: [", "01-log.yaml:4: this is not YAML"),
        ("brokers: 1", "brokers: 9", "01-log.yaml:4: this must be a number from 1 to 5."),
        ("create_topic:", "make_topic:", "01-log.yaml:6: There is no such command."),
        ("say: I send one.", "tell: I send one.", '01-log.yaml:9: "tell" is not known here'),
        ("say: I send one.", "say: ''", "01-log.yaml:9: this must be text."),
        ("lens: log", "lens: tower", "01-log.yaml:13: 'tower' is none of flow, log, matrix, spacetime."),
        ('at: "partition:orders:0"', "at: orders", "01-log.yaml:13: 'orders' is no id on the stage"),
        ("now.partitions", "then.partitions", '01-log.yaml:16: "then" is not known here: before, now.'),
        ("already: true", "already: perhaps", "01-log.yaml:19: already is true where it holds before"),
        (
            "    do:\n      - send_record: {topic: orders, value: a}\n",
            "",
            "01-log.yaml:13: what holds is what",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert RIGHT.count(right) == 1
    with pytest.raises(LessonRefused) as refused:
        read_demo(written(tmp_path, RIGHT.replace(right, wrong)))
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("log_end == 1", "log_end == 0", '01-log.yaml:15: "It is in the log." holds before anything was done'),
        ("log_end == 1", "log_end == 2", '01-log.yaml:15: "It is in the log." does not hold'),
        ("partitions == 1\n", "partitions == 2\n", '01-log.yaml:17: "The topic is still there." does not hold before'),
        ("orders, value: a", "orders, partition: 7, value: a", "01-log.yaml:12: the command was refused"),
        ("partition:orders:0", "partition:orders:7", "01-log.yaml:13: 'partition:orders:7' is not on the stage."),
    ],
)
def test_a_demo_that_does_not_come_true_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    assert RIGHT.count(right) == 1
    with pytest.raises(LessonRefused) as refused:
        check_demo(read_demo(written(tmp_path, RIGHT.replace(right, wrong))))
    assert str(refused.value).startswith(told)
