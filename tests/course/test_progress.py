"""Deeds: noted one by one, kept apart by learner, and bounded."""

import asyncio

import pytest
from django.contrib.auth.models import User

from kafkalab.web.course import progress
from kafkalab.web.course.models import Attached, Deed
from kafkalab.web.course.progress import deeds_in, deeds_of, note, note_later

ANN, BOB = "a" * 32, "b" * 32
pytestmark = pytest.mark.django_db


def told(learner: str) -> list[tuple[str, str, str, dict[str, object]]]:
    return [(each.lesson, each.section, each.kind, each.detail) for each in deeds_of(learner)]


def test_deeds_are_told_in_the_order_in_which_they_were_done() -> None:
    note(ANN, "offsets", "", "opened", {})
    note(ANN, "offsets", "restart", "predicted", {"said": 5, "confidence": 80})
    note(ANN, "a-log-not-a-queue", "", "opened", {})
    assert told(ANN) == [
        ("offsets", "", "opened", {}),
        ("offsets", "restart", "predicted", {"said": 5, "confidence": 80}),
        ("a-log-not-a-queue", "", "opened", {}),
    ]
    assert [each.section for each in deeds_in(ANN, ["offsets"])] == ["", "restart"]


def test_another_browser_has_no_deeds_and_neither_has_one_without_a_key() -> None:
    note(ANN, "offsets", "", "opened", {})
    assert (told(BOB), told(""), deeds_in("", ["offsets"])) == ([], [], [])


def test_what_is_no_deed_is_refused() -> None:
    for learner, lesson, kind, detail in (
        ("", "offsets", "opened", {}),
        (ANN, "offsets", "danced", {}),
        (ANN, "o" * 61, "opened", {}),
        (ANN, "offsets", "opened", {f"name-{n}": "x" * 500 for n in range(10)}),
    ):
        with pytest.raises(ValueError):
            note(learner, lesson, "", kind, detail)
    assert told(ANN) == []


def test_long_texts_are_cut_short() -> None:
    note(ANN, "offsets", "restart", "predicted", {"because": "x" * 5000, "said": ["y" * 5000]})
    assert told(ANN)[0][3] == {"because": "x" * 600, "said": ["y" * 600]}


def test_the_oldest_go_but_what_finished_a_lesson_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_DEEDS", 3)
    note(ANN, "offsets", "", "finished", {})
    note(BOB, "offsets", "", "opened", {})
    for number in range(5):
        note(ANN, "partitions", f"section-{number}", "ran", {})
    assert [(each.kind, each.section) for each in deeds_of(ANN)] == [
        ("finished", ""),
        ("ran", "section-3"),
        ("ran", "section-4"),
    ]
    assert len(deeds_of(BOB)) == 1


def test_a_browser_that_is_attached_to_an_account_writes_there() -> None:
    ann = User.objects.create_user("ann")
    for browser in (ANN, BOB):
        Attached.objects.create(learner=browser, user=ann)
    note(ANN, "offsets", "", "opened", {})
    assert told(BOB) == told(ANN) == [("offsets", "", "opened", {})]
    Attached.objects.all().delete()
    assert told(BOB) == told(ANN) == []


@pytest.mark.django_db(transaction=True)
def test_callers_on_the_event_loop_note_too() -> None:
    asyncio.run(note_later(ANN, "offsets", "", "opened", {}))
    assert [each.kind for each in Deed.objects.all()] == ["opened"]
