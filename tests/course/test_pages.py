"""The course's pages: what a learner did is on them, and on nobody else's."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from kafkalab.lessons import read_lessons
from kafkalab.web.course import catalogue
from kafkalab.web.course.progress import note
from tests.course.browsers import known_browser, play_lesson_7, text_of

ANN, BOB = "a" * 32, "b" * 32
PAGES = ("", "concepts/", "search/", "search/?q=acks", "cards/", "found-out/", "sheets/7/", "workbook/", "workbook/Q9/")
pytestmark = pytest.mark.django_db


def states(browser: Client) -> dict[str, str]:
    page = text_of(browser, "/course/")
    rows = re.findall(r'<li class="lesson" data-state="(\w+)">.*?<h2[^>]*>.*?</span>(.*?)</a>', page, re.DOTALL)
    return {unescape(title): state for state, title in rows}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_for_a_browser_that_never_came_before(path: str) -> None:
    assert '<main id="course"' in text_of(Client(), f"/course/{path}")


def test_the_map_shows_the_lessons_that_there_are_in_their_order() -> None:
    lessons = read_lessons(catalogue.LESSONS)
    assert list(states(Client())) == [lesson.title for lesson in lessons]
    assert set(states(Client()).values()) == {"new"}


def test_the_map_says_what_is_begun_and_finished_and_where_to_go_on() -> None:
    play_lesson_7(ANN)
    note(ANN, "offsets", "", "finished", {})
    mine = states(known_browser(ANN))
    assert {title: state for title, state in mine.items() if state != "new"} == {
        "Offsets": "finished",
        "What acks=all waits for": "begun",
    }
    assert 'class="go" href="/course/7-what-acks-all-waits-for/"' in text_of(known_browser(ANN), "/course/")
    assert set(states(known_browser(BOB)).values()) == {"new"}


def test_a_lesson_that_does_not_hold_is_named_and_the_others_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "01-broken.md").write_text("no lesson")
    right = next(catalogue.LESSONS.glob("07-*.md"))
    (tmp_path / right.name).write_text(right.read_text())
    monkeypatch.setattr(catalogue, "LESSONS", tmp_path)
    page = text_of(Client(), "/course/")
    assert "01-broken.md:1: a lesson begins with YAML" in page
    assert list(states(Client())) == ["What acks=all waits for"]


def test_concepts_lead_to_their_lessons() -> None:
    page = text_of(Client(), "/course/concepts/")
    names = re.findall(r'<dt lang="en">(.*?)</dt>', page)
    assert names == sorted(names, key=str.casefold)
    assert '<a href="/course/7-what-acks-all-waits-for/">7. What acks=all waits for</a>' in page


def test_search_finds_in_titles_and_concepts_but_gives_no_explanation_away() -> None:
    found = text_of(Client(), "/course/search/?q=acks+waits")
    assert "What <mark>acks</mark>=all waits for" in found
    secret = "/course/search/?q=that+set+shrinks"
    assert "<mark>" not in text_of(known_browser(ANN), secret)
    note(ANN, "what-acks-all-waits-for", "", "finished", {})
    assert "<mark>" in text_of(known_browser(ANN), secret)
    assert "<mark>" not in text_of(known_browser(BOB), secret)


def test_who_is_typing_gets_only_what_was_found() -> None:
    answer = Client().get("/course/search/?q=acks", headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "<mark>acks</mark>" in answer.content.decode()


def test_what_is_looked_for_is_shown_as_text() -> None:
    page = text_of(Client(), "/course/search/?q=<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_finished_lesson_becomes_a_card() -> None:
    assert '<article class="card"' not in text_of(known_browser(ANN), "/course/cards/")
    note(ANN, "what-acks-all-waits-for", "", "finished", {})
    page = text_of(known_browser(ANN), "/course/cards/")
    assert page.count('<article class="card"') == 1
    assert "<s>acks=all waits for all replicas.</s>" in page
    assert "With acks=all a record was acked when two of three replicas were in sync." in page
    assert "<dt>in-sync replicas</dt>" in page


def test_who_was_sure_and_wrong_reads_the_rule_that_was_shown() -> None:
    play_lesson_7(ANN)
    page = " ".join(text_of(known_browser(ANN), "/course/found-out/").split())
    assert "You were sure of it and wrong, and found out" in page
    said = "You said “It fails, since one replica does not have it.”; the cluster said “It is acked.”."
    assert said in page
    assert "With acks=all a record was acked when two of three replicas were in sync." in page
    assert '<q lang="en">All three replicas must have it.</q>' in page
    assert "90 % sure" in page
    assert "90 % sure" not in text_of(known_browser(BOB), "/course/found-out/")


def test_a_sheet_asks_and_does_not_answer() -> None:
    page = text_of(Client(), "/course/sheets/7/")
    assert "Then a record is sent with acks=all. What happens?" in page
    assert "It is acked." in page
    assert "The record was acked" not in page
    assert Client().get("/course/sheets/98/").status_code == 404


def test_the_pages_are_in_the_language_that_was_chosen_and_the_stage_stays_as_it_is() -> None:
    browser = Client()
    assert browser.post("/i18n/setlang/", {"language": "de", "next": "/course/"}).status_code == 302
    assert '<html lang="de"' in text_of(browser, "/course/")
    assert '<html lang="en"' in text_of(Client(), "/course/")
