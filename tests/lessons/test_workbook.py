"""The workbook as one file: whatever a learner writes comes back as it was."""

import base64
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kafkalab.lessons import (
    Book,
    Entry,
    LessonRefused,
    Piece,
    WorkbookRefused,
    clean,
    copied,
    exported,
    imported,
    read_questions,
    runs_of,
)
from kafkalab.lessons.lesson import WORKBOOK
from kafkalab.lessons.workbook_zip import packed, unpacked

FILE = Path(__file__).parents[2] / "fixtures" / "workbook.yaml"
QUESTIONS = read_questions(FILE)
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and more").decode()
AT = "2026-11-23T11:00:00+00:00"


def piece(kind: str, content: str, mark: str = "0" * 32, title: str = "a title") -> Piece:
    return Piece(mark, kind, title, AT, content)


PICTURE = piece("picture", f"data:image/png;base64,{PNG}", "1" * 32)
BOOK: Book = {
    "Q1": Entry("It keeps **writers** and readers apart.\n\n- one\n- two"),
    "Q9": Entry(
        "Three.",
        [
            PICTURE,
            piece("command", "$ kafka-topics --list\n```\norders\n````", "2" * 32, "kafka-topics --list"),
            piece("prediction", "Asked: what?\nPredicted: 3", "3" * 32, "Lesson 7, One -- follower > stops"),
        ],
    ),
}


def whole(book: Book) -> Book:
    return {number: book.get(number, Entry()) for number in WORKBOOK}


def test_there_are_eleven_questions_each_with_something_to_think_about() -> None:
    assert [each.number for each in QUESTIONS] == list(WORKBOOK)
    assert [each.number for each in QUESTIONS if not each.consider or "?" not in each.ask + each.consider[0]] == []


@pytest.mark.parametrize(
    ("was", "becomes", "refusal"),
    [
        ("Q11:", "Q12:", 'workbook.yaml:67: "Q12" is not known here'),
        ("  title: What is Kafka?", "  titel: What is Kafka?", 'workbook.yaml:10: "titel" is not known here'),
        ("  title: What is Kafka?", "  title: ''", "workbook.yaml:10: this must be text."),
        ("Q2:", "Q1:", 'workbook.yaml:9: "Q1" stands here twice.'),
    ],
)
def test_a_wrong_file_of_questions_is_refused_with_its_line(
    tmp_path: Path, was: str, becomes: str, refusal: str
) -> None:
    file = tmp_path / "workbook.yaml"
    file.write_text(FILE.read_text().replace(was, becomes, 1))
    with pytest.raises(LessonRefused) as refused:
        read_questions(file)
    assert str(refused.value).startswith(refusal)


def test_what_was_exported_is_read_back_and_exports_to_the_same_bytes() -> None:
    text = exported(QUESTIONS, BOOK)
    assert imported(text) == whole(BOOK)
    assert exported(QUESTIONS, imported(text)) == text


LINES = st.sampled_from(
    [
        "<!-- end of answer -->",
        "<!-- answer Q2 -->",
        "\\<!-- answer Q2 -->",
        "<!-- evidence {} -->",
        "```",
        "",
        "\\",
        "x",
    ]
)


@settings(max_examples=150, deadline=None)
@example(["\\\\<!-- end of evidence -->"], "````")
@given(st.lists(LINES | st.text(max_size=20), max_size=6), st.text(max_size=40))
def test_no_text_breaks_the_file(lines: list[str], output: str) -> None:
    book = whole({"Q2": Entry(clean("\n".join(lines)), [piece("command", clean(output))]), "Q3": Entry("after")})
    text = exported(QUESTIONS, book)
    assert imported(text) == book
    assert imported(text.replace("\n", "\r\n")) == book


def test_many_pictures_go_into_a_zip_that_is_the_same_bytes_each_time() -> None:
    text = exported(QUESTIONS, BOOK)
    content = packed(text)
    assert content[:4] == b"PK\x03\x04"
    assert b"base64" not in content
    assert unpacked(content) == text
    assert packed(unpacked(content)) == content


@pytest.mark.parametrize(
    ("was", "becomes", "refusal"),
    [
        ("<!-- kafka-lab workbook 1 -->", "", "This is no workbook"),
        ("<!-- answer Q2 -->", "<!-- answer Q77 -->", "Q77 is no question"),
        ("<!-- answer Q2 -->", "<!-- answer Q1 -->", "Q1 is no question, or stands there twice"),
        ("<!-- end of answer -->", "", "what begins here has no end"),
        ("data:image/png", "data:image/svg+xml", "a picture must be a PNG"),
        ("data:image/png;base64,", "https://elsewhere/", "a picture must be a PNG"),
        ('"kind": "picture"', '"kind": "film"', "this is not evidence as it was exported"),
        ("1" * 32, "../" + "1" * 29, "this is not evidence as it was exported"),
        ("2026\\u002d11", "2026\\u002d99", "this is not evidence as it was exported"),
        ("<!-- end of evidence -->", "", "what begins here has no end"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused_in_a_sentence(was: str, becomes: str, refusal: str) -> None:
    text = exported(QUESTIONS, BOOK)
    assert was in text
    with pytest.raises(WorkbookRefused) as refused:
        imported(text.replace(was, becomes, 1))
    assert refusal in str(refused.value)


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"", packed("x")[:40]])
def test_a_broken_zip_is_refused(content: bytes) -> None:
    with pytest.raises(WorkbookRefused):
        unpacked(content)


KNOWN = runs_of(["acks=all waits for all replicas *that are in sync*. That set shrinks when a follower dies."])


def test_an_answer_in_ones_own_words_is_not_copied() -> None:
    told = copied("The leader answers once every replica of the in-sync set has written the record.", KNOWN)
    assert (told.runs, told.found, told.percent, told.longest) == (11, 0, 0, "")


def test_a_copied_passage_is_found_whatever_its_case_and_punctuation() -> None:
    told = copied("I think: ACKS=all waits for all replicas, that are **in sync**! Full stop of mine here.", KNOWN)
    assert told.longest == "ACKS=all waits for all replicas, that are **in sync"
    assert (told.runs, told.found) == (13, 6)
    assert told.percent == 46


def test_who_quotes_does_not_copy() -> None:
    quoted = "> acks=all waits for all replicas that are in sync"
    text = f"{quoted}\n```\nacks=all waits for all replicas\n```\nMine alone is this one here."
    assert copied(text, KNOWN).found == 0


@pytest.mark.parametrize("text", ["", "one two three four", "!!! ???", "> only a quotation of five words"])
def test_an_answer_of_fewer_than_five_words_tells_nothing(text: str) -> None:
    assert (copied(text, KNOWN).runs, copied(text, KNOWN).percent) == (0, 0)
