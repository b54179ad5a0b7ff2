"""Progress belongs to a browser, can be carried by a code or joined to an account, and is nobody else's."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from kafkalab.web.course import belonging, carrying
from kafkalab.web.course.bookshelf import write
from kafkalab.web.course.models import Answer, CarryCode, Deed, Evidence
from kafkalab.web.course.progress import deeds_of, note
from kafkalab.web.course.turnstile import Turnstile
from tests.course.browsers import PNG, known_browser, play_lesson_7, text_of

ANN, BOB = "a" * 32, "b" * 32
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_turnstiles() -> Iterator[None]:
    yield
    carrying.tries.forget()
    belonging.logins.forget()


def shown_code(browser: Client) -> str:
    page = browser.post("/course/yours/code/").content.decode()
    [code] = re.findall(r'role="status"><code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>', page)
    return str(code)


def told(learner: str) -> list[tuple[str, str, str]]:
    return [(each.lesson, each.section, each.kind) for each in deeds_of(learner)]


def test_a_code_carries_deeds_answers_and_evidence_and_both_browsers_go_on_by_themselves() -> None:
    play_lesson_7(ANN)
    write(ANN, "Q9", "Three replicas.")
    note(BOB, "offsets", "", "opened", {})
    code = shown_code(known_browser(ANN))
    assert known_browser(BOB).post("/course/yours/take/", {"code": code.lower()}).status_code == 302
    assert sorted(told(BOB)) == sorted([*told(ANN), ("offsets", "", "opened")])
    assert Answer.objects.get(learner=BOB).text == "Three replicas."
    note(BOB, "offsets", "", "finished", {})
    assert ("offsets", "", "finished") not in told(ANN)


def test_what_is_carried_twice_is_there_once() -> None:
    play_lesson_7(ANN)
    browser = known_browser(ANN)
    browser.post("/course/workbook/keep/", {"command": "kafka-topics --list", "output": "orders"})
    write(ANN, "Q1", "one")
    for _ in range(2):
        known_browser(BOB).post("/course/yours/take/", {"code": shown_code(browser)})
        carrying.tries.forget()
    known_browser(ANN).post("/course/yours/take/", {"code": shown_code(known_browser(BOB))})
    for learner in (ANN, BOB):
        assert len(told(learner)) == 3
        assert Answer.objects.get(learner=learner, question="Q1").text == "one"
        assert Evidence.objects.filter(learner=learner).count() == 1


def test_two_answers_to_one_question_are_both_kept() -> None:
    write(ANN, "Q1", "from Ann's laptop")
    write(BOB, "Q1", "from the phone")
    known_browser(BOB).post("/course/yours/take/", {"code": shown_code(known_browser(ANN))})
    assert Answer.objects.get(learner=BOB).text == "from Ann's laptop\n\n---\n\nfrom the phone"
    assert Answer.objects.get(learner=ANN).text == "from Ann's laptop"


def test_a_code_is_good_for_one_use() -> None:
    play_lesson_7(ANN)
    code = shown_code(known_browser(ANN))
    answers = [known_browser(who).post("/course/yours/take/", {"code": code}) for who in (BOB, "c" * 32)]
    assert [answer.status_code for answer in answers] == [302, 400]
    assert told("c" * 32) == []


def test_a_code_is_no_good_after_ten_minutes_nor_when_a_newer_one_was_shown() -> None:
    old, new = shown_code(known_browser(ANN)), shown_code(known_browser(ANN))
    assert known_browser(BOB).post("/course/yours/take/", {"code": old}).status_code == 400
    CarryCode.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert known_browser(BOB).post("/course/yours/take/", {"code": new}).status_code == 400


def test_the_table_does_not_tell_the_code() -> None:
    code = shown_code(known_browser(ANN)).replace("-", "")
    [kept] = CarryCode.objects.all()
    assert len(kept.digest) == 64
    assert code not in kept.digest.upper()


def test_whoever_guesses_is_stopped_and_the_right_code_does_not_help_then() -> None:
    play_lesson_7(ANN)
    code = shown_code(known_browser(ANN))
    tries = [known_browser(BOB).post("/course/yours/take/", {"code": f"WRQNG{n}"}).status_code for n in range(19)]
    assert tries == [400] * 19
    assert known_browser(BOB).post("/course/yours/take/", {"code": code}).status_code == 429
    assert told(BOB) == []


def test_a_turnstile_opens_again_after_a_minute_and_has_a_limit_for_everybody() -> None:
    now = [0.0]
    turnstile = Turnstile(each=2, in_all=2, clock=lambda: now[0])
    assert [turnstile.lets_in("a") for _ in range(3)] == [True, True, False]
    assert turnstile.lets_in("b") is False
    now[0] = 61
    assert turnstile.lets_in("a") is True


def test_a_new_browser_has_nothing_to_carry() -> None:
    assert Client().post("/course/yours/code/").status_code == 409
    assert CarryCode.objects.count() == 0


def test_a_browser_that_logs_in_brings_its_progress_and_leaves_none_of_it_behind() -> None:
    User.objects.create_user("ann", password="correct horse")
    play_lesson_7(ANN)
    write(ANN, "Q9", "Three replicas.")
    laptop, phone = known_browser(ANN), known_browser(BOB)
    name = {"username": "ann", "password": "correct horse"}
    assert [each.post("/course/yours/come-in/", name).status_code for each in (laptop, phone)] == [302, 302]
    note(BOB, "offsets", "", "opened", {})
    assert told(ANN) == told(BOB)
    assert len(told(BOB)) == 4
    assert "It belongs to the account ann." in text_of(phone, "/course/yours/")
    assert "Three replicas." in text_of(phone, "/course/workbook/Q9/")
    laptop.post("/course/yours/go-out/")
    assert told(ANN) == []
    assert "Three replicas." not in text_of(laptop, "/course/workbook/Q9/")
    assert len(told(BOB)) == 4
    laptop.post("/course/yours/come-in/", name)
    assert len(told(ANN)) == 4


def test_a_wrong_password_lets_nobody_in_and_is_not_tried_for_long() -> None:
    User.objects.create_user("ann", password="correct horse")
    browser = known_browser(ANN)
    name = {"username": "ann", "password": "wrong"}
    codes = [browser.post("/course/yours/come-in/", name).status_code for _ in range(11)]
    assert codes == [400] * 10 + [429]


def test_what_is_forgotten_is_gone_for_one_learner_only() -> None:
    for learner in (ANN, BOB):
        play_lesson_7(learner)
        write(learner, "Q1", "mine")
    browser = known_browser(ANN)
    browser.post("/course/workbook/Q1/attach/", {"picture": _file("stage.png", PNG)})
    shown_code(browser)
    browser.post("/course/yours/forget/")
    assert {each.learner for model in (Deed, Answer, Evidence, CarryCode) for each in model.objects.all()} == {BOB}
    assert len(told(BOB)) == 3


def _file(name: str, content: bytes) -> object:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content)


def test_what_changes_something_needs_the_token_of_the_page() -> None:
    for path in (
        "yours/code/",
        "yours/take/",
        "yours/come-in/",
        "yours/forget/",
        "workbook/Q1/save/",
        "workbook/keep/",
    ):
        assert Client(enforce_csrf_checks=True).post(f"/course/{path}").status_code == 403
