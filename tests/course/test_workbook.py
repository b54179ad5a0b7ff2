"""The workbook's pages: written, saved, evidenced, exported, read back; and whatever is written stays text."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kafkalab.web.course import bookshelf, workbook_pages
from kafkalab.web.course.models import Answer, Evidence
from kafkalab.web.labs.owners import COOKIE
from tests.course.browsers import PNG, known_browser, play_lesson_7, text_of

ANN, BOB = "a" * 32, "b" * 32
HTMX = {"HX-Request": "true"}
HOSTILE = """<script>alert(1)</script>
<img src=x onerror=alert(2)>
[press](javascript:alert(3)) [data](data:text/html,x) ![picture](https://elsewhere/p.png)
</textarea><!-- end of answer --> {{ 7|add:1 }}"""
pytestmark = pytest.mark.django_db


def save(browser: Client, number: str, text: str) -> str:
    answer = browser.post(f"/course/workbook/{number}/save/", {"text": text}, headers=HTMX)
    assert answer.status_code == 200
    return " ".join(str(answer.content.decode()).split())


def file(content: bytes, name: str = "stage.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def attach(browser: Client, number: str, **fields: object) -> int:
    return int(browser.post(f"/course/workbook/{number}/attach/", fields).status_code)


def evidence(learner: str) -> list[tuple[str, str, str, str]]:
    found = Evidence.objects.filter(learner=learner)
    return [(each.question, each.kind, each.title, each.content) for each in found]


def exported_by(browser: Client) -> bytes:
    return bytes(browser.get("/course/workbook/export/").content)


def test_an_answer_is_saved_while_it_is_written_and_is_there_when_one_comes_back() -> None:
    browser = Client()
    text_of(browser, "/course/workbook/Q2/")
    said = save(browser, "Q2", "A *log*, in parts.\r\nReplicated.")
    assert "Saved at" in said
    assert "<em>log</em>" in said
    page = text_of(browser, "/course/workbook/Q2/")
    assert re.search(r"<textarea[^>]*>\nA \*log\*, in parts.\nReplicated.</textarea>", page)
    assert "<span>A" not in text_of(Client(), "/course/workbook/Q2/")
    assert Answer.objects.get().learner in browser.cookies[COOKIE].value


def test_without_script_the_button_saves_and_the_page_comes_again() -> None:
    answer = known_browser(ANN).post("/course/workbook/Q2/save/", {"text": "mine"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/course/workbook/Q2/")
    assert Answer.objects.get(learner=ANN).text == "mine"


def test_another_browser_sees_neither_answer_nor_evidence() -> None:
    ann, bob = known_browser(ANN), known_browser(BOB)
    save(ann, "Q2", "Ann wrote this")
    attach(ann, "Q2", command="kafka-topics --list", output="orders of Ann")
    for path in ("workbook/", "workbook/Q2/", "workbook/export/"):
        page = text_of(bob, f"/course/{path}")
        assert "Ann" not in page
        assert "1 piece of evidence" not in page
    [piece] = Evidence.objects.all()
    bob.post(f"/course/workbook/Q2/detach/{piece.mark}/")
    attach(bob, "Q3", mark=piece.mark)
    assert evidence(ANN) == [("Q2", "command", "kafka-topics --list", "$ kafka-topics --list\norders of Ann")]


def test_what_is_hostile_is_shown_as_text() -> None:
    browser = known_browser(ANN)
    save(browser, "Q2", HOSTILE)
    attach(browser, "Q2", command="<script>alert(4)</script>", output="</pre><script>alert(5)</script>")
    page = text_of(browser, "/course/workbook/Q2/")
    assert re.findall(r"<script(?! src=)", page) == []
    assert "<img src=x" not in page
    assert re.findall(r'(?:href="(?:javascript|data:)|src="https:)', page) == []
    [kept] = re.findall(r'<textarea id="answer"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert unescape(kept) == HOSTILE


def test_what_was_kept_on_the_stage_waits_to_be_attached() -> None:
    browser = Client()
    kept = browser.post("/course/workbook/keep/", {"picture": file(PNG), "title": "The stage at 11:02:07"})
    assert (kept.status_code, kept.content) == (200, b"Kept. It waits in the workbook to be attached to an answer.")
    assert "1 thing that you kept on the stage waits" in text_of(browser, "/course/workbook/")
    [piece] = Evidence.objects.all()
    assert (piece.question, piece.title) == ("", "The stage at 11:02:07")
    assert f'value="{piece.mark}"' in text_of(browser, "/course/workbook/Q9/")
    assert attach(browser, "Q9", mark=piece.mark) == 302
    page = text_of(browser, "/course/workbook/Q9/")
    assert f'<img src="{piece.content}" alt="The stage at 11:02:07">' in page
    assert "waits" not in text_of(browser, "/course/workbook/")


def test_a_prediction_is_attached_with_what_happened() -> None:
    play_lesson_7(ANN)
    browser = known_browser(ANN)
    page = text_of(browser, "/course/workbook/Q9/")
    [mark] = re.findall(r'name="prediction" value="(\w+)"', page)
    assert attach(browser, "Q9", prediction=mark) == 302
    [(question, kind, title, content)] = evidence(ANN)
    assert (question, kind, title) == ("Q9", "prediction", "Lesson 7, One follower stops")
    assert content.split("\n")[1:] == [
        "Predicted: It fails, since one replica does not have it.",
        "Because: all must have it",
        "Sure: 90 %",
        "What happened: It is acked.",
    ]
    assert attach(known_browser(BOB), "Q9", prediction=mark) == 400
    assert 'name="prediction"' not in text_of(browser, "/course/workbook/Q8/")


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"", b"GIF89a"])
def test_a_picture_is_a_png_and_nothing_else(content: bytes) -> None:
    assert attach(known_browser(ANN), "Q9", picture=file(content)) == 400
    assert evidence(ANN) == []


def test_a_picture_that_is_too_large_and_a_workbook_that_is_full_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = known_browser(ANN)
    assert attach(browser, "Q9", picture=file(PNG + bytes(bookshelf.LARGEST_PICTURE))) == 400
    monkeypatch.setattr(bookshelf, "MOST_PIECES", 1)
    assert attach(browser, "Q9", command="a") == 302
    answer = browser.post("/course/workbook/Q9/attach/", {"command": "b"})
    assert answer.status_code == 400
    assert "The workbook is full" in answer.content.decode()


def test_a_question_that_there_is_not_is_not_found() -> None:
    assert Client().get("/course/workbook/Q12/").status_code == 404
    for action in ("save", "attach"):
        assert Client().post(f"/course/workbook/Q12/{action}/", {"text": "x"}).status_code == 404


def test_the_workbook_goes_out_as_one_file_and_comes_back_into_another_browser() -> None:
    play_lesson_7(ANN)
    browser = known_browser(ANN)
    save(browser, "Q1", HOSTILE)
    save(browser, "Q9", "Three replicas.")
    attach(browser, "Q9", picture=file(PNG), title="The stage")
    attach(browser, "Q9", command="kafka-topics --list", output="```\norders")
    [mark] = re.findall(r'name="prediction" value="(\w+)"', text_of(browser, "/course/workbook/Q9/"))
    attach(browser, "Q9", prediction=mark)
    first = exported_by(browser)
    assert first.count(b"data:image/png;base64,") == 1
    answer = known_browser(BOB).post("/course/workbook/import/", {"file": file(first, "workbook.md")})
    assert answer.status_code == 302
    assert exported_by(known_browser(BOB)) == first
    assert evidence(BOB) == evidence(ANN)


def test_a_large_workbook_goes_out_as_a_zip_and_comes_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_pages, "LARGE", 1000)
    browser = known_browser(ANN)
    attach(browser, "Q9", picture=file(PNG))
    attach(browser, "Q9", picture=file(PNG + b"another"), title="Another")
    answer = browser.get("/course/workbook/export/")
    assert answer.headers["Content-Type"] == "application/zip"
    first = answer.content
    known_browser(BOB).post("/course/workbook/import/", {"file": file(first, "workbook.zip")})
    assert exported_by(known_browser(BOB)) == first


def test_a_file_read_back_takes_nothing_away() -> None:
    browser = known_browser(ANN)
    save(browser, "Q1", "as it was")
    old = exported_by(browser)
    save(browser, "Q1", "as it is now")
    save(browser, "Q2", "new")
    for _ in range(2):
        browser.post("/course/workbook/import/", {"file": file(old, "workbook.md")})
    texts = {each.question: each.text for each in Answer.objects.filter(learner=ANN) if each.text}
    assert texts == {"Q1": "as it was\n\n---\n\nas it is now", "Q2": "new"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"# nothing of ours", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_workbook_is_refused_in_a_sentence(content: bytes) -> None:
    answer = known_browser(ANN).post("/course/workbook/import/", {"file": file(content, "workbook.md")})
    assert answer.status_code == 400
    assert 'class="refusal" role="alert"' in answer.content.decode()
    assert known_browser(ANN).post("/course/workbook/import/").status_code == 400


def test_what_stands_in_the_lessons_too_is_told_and_how_it_was_counted() -> None:
    copy = "acks=all waits for all replicas that are in sync. That set shrinks when a follower falls behind."
    said = save(known_browser(ANN), "Q9", copy)
    assert "100 % stands in the lessons word for word" in said
    assert "Of the 14 runs of five words in your answer, 14 stand in the lessons too." in said
    said = save(known_browser(ANN), "Q9", "My very own words say nothing that anybody else has put just so.")
    assert "0 % stands in the lessons word for word" in said
