"""Every lesson that is shipped holds: its solutions reach their goals, its beliefs are wrong, its claims true."""

from pathlib import Path

import pytest

from kafkalab.lessons import check, opened, read_lesson, read_lessons, truth

LESSONS = Path(__file__).parents[2] / "fixtures" / "lessons"


def test_lessons_have_numbers_of_their_own() -> None:
    numbers = [lesson.number for lesson in read_lessons(LESSONS)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("file", sorted(LESSONS.glob("[0-9]*.md")), ids=lambda file: file.stem)
def test_a_lesson_holds(file: Path) -> None:
    checked = check(read_lesson(file), range(1, 3))
    assert checked.played_us > 0


def test_the_answer_comes_from_a_fork_and_the_learners_cluster_stays_where_it_is() -> None:
    [lesson] = [lesson for lesson in read_lessons(LESSONS) if lesson.number == 1]
    lab = opened(lesson, 1)
    before = lab.view()
    found = truth(lab, lesson.sections[0])
    assert (found.answer, found.by_belief) == (5, {"read is gone": 0, "groups share": 2})
    assert lab.view() == before
