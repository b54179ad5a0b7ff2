"""What is wrong in a lesson is told to its author by file and line."""

from pathlib import Path

import pytest

from kafkalab.lessons import LessonRefused, check, read_lesson

RIGHT = """---
number: 1
title: A log
minutes: 5
belief: Read is gone.
questions: [Q1]
cluster:
  brokers: 1
  prepare:
    - create_topic: {name: orders, partitions: 1, replication_factor: 1}
sections:
  - name: send-one
    title: One record
    predict:
      ask: Where does the log end?
      kind: number
      answer: after.partitions["orders-0"].log_end
      beliefs:
        - name: from nought
          says: At 0.
          answer: "0"
    run:
      - send_record: {topic: orders, value: a}
    claims:
      - says: There is one record.
        holds: after.partitions["orders-0"].log_end == 1
    vary:
      goal: now.partitions["orders-0"].log_end == 2
      hints: [where, what, how]
      solution:
        - send_record: {topic: orders, value: b}
---
## send-one
A topic.

### explain
It ends after its last record.

### vary
Send another.
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "01-log.md"
    file.write_text(text, encoding="utf-8")
    return file


def test_this_lesson_is_right_but_for_what_each_test_changes(tmp_path: Path) -> None:
    checked = check(read_lesson(written(tmp_path, RIGHT)), range(1, 3))
    assert checked.wrong_in == {"send-one: from nought": 2}


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("---\nnumber: 1", "number: 1", "01-log.md:1: a lesson begins with YAML between two lines of ---."),
        ("minutes: 5", "minutes: [5", "01-log.md:5: this is not YAML: expected ',' or ']', but got ':'."),
        ("minutes: 5\n", "", '01-log.md:2: "minutes" is missing here.'),
        ("minutes: 5", "minutes: long", "01-log.md:4: this must be a number."),
        ("minutes: 5", "minutes: 50", "01-log.md:4: this must be a number from 1 to 20."),
        ("[Q1]", "[Q12]", "01-log.md:6: 'Q12' is none of Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q9, Q10, Q11."),
        ("belief:", "believes:", '01-log.md:5: "believes" is not known here'),
        ("brokers: 1", "brokers: 1\n  brokers: 2", '01-log.md:9: "brokers" stands here twice.'),
        ("create_topic:", "make_topic:", "01-log.md:10: There is no such command."),
        ("name: send-one", "name: Send one", "01-log.md:12: a section's name is of small letters, digits and -."),
        ("kind: number", "kind: figure", "01-log.md:16: 'figure' is none of number, choice, order, set, place."),
        ("kind: number", "kind: place", "01-log.md:16: among belongs to the kind place, and it needs it."),
        ("kind: number", "kind: choice", "01-log.md:16: choices belong to the kind choice, and it needs them."),
        ("answer: after.partitions", "answer: after.partition", '01-log.md:17: the lab has no fact "partition"'),
        ("answer: after.", "answer: later.", '01-log.md:17: "later" is not known here: before, after.'),
        ('"orders-0"].log_end\n', '"orders-0"].log_end ==\n', "01-log.md:17: this is no expression"),
        ("## send-one", "## send-two", "01-log.md:12: its text is missing: ## send-one."),
        ("### explain", "### reasons", "01-log.md:36: under a section's heading come ### explain and ### vary."),
        ("[where, what, how]", "[where, what]", "01-log.md:29: there are three hints"),
        ("value: b}", "value: b}\n          wait: 3", "01-log.md:31: a step is one command, or wait, or until."),
        (
            "- send_record: {topic: orders, value: b}",
            "- wait: -1",
            "01-log.md:31: this must be a number from 0 to 600.",
        ),
        ("## send-one", "A word.\n## send-one", "01-log.md:33: text must stand under a heading."),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert RIGHT.count(right) >= 1
    with pytest.raises(LessonRefused) as refused:
        read_lesson(written(tmp_path, RIGHT.replace(right, wrong, 1)))
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("log_end == 2", "log_end == 1", "01-log.md:28: the goal is reached before anything was done."),
        ("kind: number", "kind: place\n      among: broker", "01-log.md:18: the engine's answer 1 is no broker on the"),
        ("log_end == 2", "log_end == 3", "01-log.md:28: the solution does not reach the goal"),
        ('answer: "0"', 'answer: "1"', '01-log.md:21: the belief "from nought" was right in each of 2 seeds'),
        ("log_end == 1", "log_end == 9", '01-log.md:26: "There is one record." does not hold'),
        ("orders, value: a", "orders, partition: 7, value: a", "01-log.md:23: the command was refused"),
        ('after.partitions["orders-0"].log_end\n', 'after.partitions["orders-1"].log_end\n', "01-log.md:17: after"),
        ('after.partitions["orders-0"].log_end\n', 'after.partitions["orders-0"].end\n', "01-log.md:17: after"),
    ],
)
def test_a_lesson_that_does_not_come_true_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    assert RIGHT.count(right) >= 1
    with pytest.raises(LessonRefused) as refused:
        check(read_lesson(written(tmp_path, RIGHT.replace(right, wrong, 1))), range(1, 3))
    assert str(refused.value).startswith(told)
