"""The workbook: eleven questions, a learner's own answers with evidence, and one Markdown file to hand in.

The file is made to be read back: `imported(exported(book))` is the book, and exporting that gives the same bytes.
What the learner wrote stands between two comments, each on a line of its own. A line of the learner's that looks
like such a comment gets a backslash before it, which is taken away again when the file is read.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kafkalab.lessons.lesson import WORKBOOK
from kafkalab.lessons.located import read_yaml

KINDS = ("picture", "command", "prediction")
LONGEST_ANSWER = 15_000
LONGEST_TITLE = 200
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+={0,2}")
"""Nothing but a PNG: a picture of another kind may hold more than a picture."""
_FORMAT = "<!-- kafka-lab workbook 1 -->"
_COMMENT = re.compile(r"^\\*<!-- (kafka-lab workbook|answer|end of answer|evidence|end of evidence)\b")
_EVIDENCE = re.compile(r"^<!-- evidence (\{.*\}) -->$")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class WorkbookRefused(Exception):
    """A file is no workbook; the message is a sentence that names the line."""


@dataclass(frozen=True)
class Question:
    number: str
    """Q1 to Q11"""
    title: str
    ask: str
    """Markdown."""
    consider: tuple[str, ...]
    """What a whole answer looks at, as questions."""


@dataclass(frozen=True)
class Piece:
    """What was attached to an answer."""

    mark: str
    kind: str
    title: str
    at: str
    """When, in ISO 8601."""
    content: str
    """Text; of a picture the data URI of a PNG."""


@dataclass
class Entry:
    text: str = ""
    evidence: list[Piece] = field(default_factory=list)


Book = dict[str, Entry]
"""By the number of the question."""


def read_questions(file: Path) -> tuple[Question, ...]:
    """All eleven, in their order. Raises LessonRefused with file and line."""
    said = read_yaml(file, file.read_text(encoding="utf-8"), 1)
    by_number = said.mapping(WORKBOOK)
    found = []
    for number in WORKBOOK:
        each = by_number[number].mapping(("title", "ask", "consider"))
        consider = tuple(line.text() for line in each["consider"].items())
        found.append(Question(number, each["title"].text(), each["ask"].text(), consider))
    return tuple(found)


def clean(text: str) -> str:
    """As it is kept: lines end in one character, and there is nothing that no keyboard writes."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def exported(questions: Iterable[Question], book: Book) -> str:
    lines = [_FORMAT, "", "# Kafka: my workbook"]
    for question in questions:
        entry = book.get(question.number, Entry())
        lines += ["", f"## {question.number}. {question.title}", "", *_quoted(question.ask), ""]
        lines += [f"<!-- answer {question.number} -->", *_guarded(entry.text), "<!-- end of answer -->"]
        for piece in entry.evidence:
            lines += ["", *_of_piece(piece)]
    return "\n".join(lines) + "\n"


def imported(text: str) -> Book:
    """Raises WorkbookRefused. What stands outside of the comments is ours and is not read."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if _FORMAT not in lines[:3]:
        raise WorkbookRefused(f"This is no workbook: its first line must be {_FORMAT}")
    book: Book = {}
    number, at = "", 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("<!-- answer "):
            number = line.removeprefix("<!-- answer ").removesuffix(" -->")
            if number not in WORKBOOK or number in book:
                raise WorkbookRefused(f"Line {at + 1}: {number[:20]} is no question, or stands there twice.")
            body, at = _until("<!-- end of answer -->", lines, at)
            answer = clean("\n".join(_unguarded(body)))
            if len(answer) > LONGEST_ANSWER:
                raise WorkbookRefused(f"Line {at + 1}: an answer has {LONGEST_ANSWER} characters at most.")
            book[number] = Entry(answer)
        elif line.startswith("<!-- evidence "):
            if not number:
                raise WorkbookRefused(f"Line {at + 1}: this evidence belongs to no answer.")
            began = at
            body, at = _until("<!-- end of evidence -->", lines, at)
            book[number].evidence.append(_piece(lines[began], body, began + 1))
        at += 1
    return book


def _until(end: str, lines: list[str], began: int) -> tuple[list[str], int]:
    """What stands between, and where the end is."""
    for at in range(began + 1, len(lines)):
        if lines[at] == end:
            return lines[began + 1 : at], at
        if _COMMENT.match(lines[at]) and not lines[at].startswith("\\"):
            break
    raise WorkbookRefused(f"Line {began + 1}: what begins here has no end: {end}")


def _of_piece(piece: Piece) -> list[str]:
    head = {"kind": piece.kind, "mark": piece.mark, "at": piece.at, "title": piece.title}
    # Inside of a comment neither "--" nor ">" may stand.
    said = json.dumps(head).replace("-", "\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")
    lines = [f"<!-- evidence {said} -->"]
    if piece.kind == "picture":
        lines.append(f"![A picture of the stage]({piece.content})")
    else:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", piece.content)), default=0))
        lines += [fence, *_guarded(piece.content), fence]
    return [*lines, "<!-- end of evidence -->"]


def _piece(head: str, body: list[str], line: int) -> Piece:
    refusal = WorkbookRefused(f"Line {line}: this is not evidence as it was exported.")
    found = _EVIDENCE.match(head)
    try:
        said = json.loads(found[1]) if found else {}
    except ValueError:
        raise refusal from None
    if sorted(said) != ["at", "kind", "mark", "title"] or not all(isinstance(each, str) for each in said.values()):
        raise refusal
    if said["kind"] not in KINDS or not re.fullmatch(r"[0-9a-f]{32}", said["mark"]) or not body:
        raise refusal
    if len(said["title"]) > LONGEST_TITLE or clean(said["title"]) != said["title"] or not _is_moment(said["at"]):
        raise refusal
    if said["kind"] == "picture":
        content = body[0].partition("(")[2].removesuffix(")")
        if len(body) != 1 or not PICTURE.fullmatch(content):
            raise WorkbookRefused(f"Line {line + 1}: a picture must be a PNG, as data.")
    else:
        if len(body) < 3 or body[0] != body[-1] or not re.fullmatch("`{3,}", body[0]):
            raise refusal
        content = clean("\n".join(_unguarded(body[1:-1])))
    return Piece(said["mark"], said["kind"], said["title"], said["at"], content)


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _guarded(text: str) -> list[str]:
    return [f"\\{line}" if _COMMENT.match(line) else line for line in text.split("\n")]


def _unguarded(lines: list[str]) -> list[str]:
    return [line[1:] if line.startswith("\\") and _COMMENT.match(line) else line for line in lines]


def _quoted(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in text.split("\n")]
