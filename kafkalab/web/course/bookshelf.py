"""A learner's workbook in the database: read, written, added to, and carried to another shelf without doubling."""

import re
import secrets
from base64 import b64encode
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kafkalab.lessons import Book, Entry, Piece, clean
from kafkalab.lessons.workbook import KINDS, LONGEST_ANSWER, LONGEST_TITLE
from kafkalab.web.course.models import Answer, Evidence
from kafkalab.web.storage import is_full

LARGEST_PICTURE = 1536 * 1024
LONGEST_CONTENT = 20_000
MOST_PIECES = 60
"""Of one learner, over all questions."""
MOST_CHARACTERS = 16 * 1024 * 1024
TRAY = ""
"""The question of what was kept on the stage and is not attached to an answer yet."""
PNG = b"\x89PNG\r\n\x1a\n"
BETWEEN = "\n\n---\n\n"
"""Between two answers to one question, when two workbooks become one."""


class NotKept(Exception):
    """It is too much, or no evidence; the message is a sentence for the learner."""


def book_of(shelf: str) -> Book:
    book = {each.question: Entry(each.text) for each in Answer.objects.filter(learner=shelf)}
    for each in Evidence.objects.filter(learner=shelf).exclude(question=TRAY):
        book.setdefault(each.question, Entry()).evidence.append(_piece(each))
    return book


def _piece(each: Evidence) -> Piece:
    return Piece(each.mark, each.kind, each.title, each.at.isoformat(), each.content)


def write(shelf: str, question: str, text: str) -> str:
    """The text as it is kept. Raises NotKept."""
    _need_room()
    kept = clean(text)[:LONGEST_ANSWER]
    wanted = {"text": kept, "changed_at": timezone.now()}
    Answer.objects.update_or_create(learner=shelf, question=question, defaults=wanted)
    return kept


def attach(shelf: str, question: str, kind: str, title: str, content: str) -> Evidence:
    """Raises NotKept."""
    piece = Piece(secrets.token_hex(16), kind, clean(title).replace("\n", " "), timezone.now().isoformat(), content)
    return _put(shelf, question, piece)


def picture(content: bytes) -> str:
    """As a data URI. Raises NotKept."""
    if not content.startswith(PNG):
        raise NotKept(_("A picture must be a PNG."))
    if len(content) > LARGEST_PICTURE:
        raise NotKept(_("The file is too large: %(most)s KiB at most.") % {"most": LARGEST_PICTURE // 1024})
    return f"data:image/png;base64,{b64encode(content).decode()}"


def _put(shelf: str, question: str, piece: Piece) -> Evidence:
    _need_room()
    mine = Evidence.objects.filter(learner=shelf)
    sizes = [len(content) for content in mine.values_list("content", flat=True)]
    content = piece.content if piece.kind == "picture" else clean(piece.content)[:LONGEST_CONTENT]
    if piece.kind not in KINDS or not content.strip():
        raise NotKept(_("There is nothing to keep."))
    if len(sizes) >= MOST_PIECES or sum(sizes) + len(content) > MOST_CHARACTERS:
        raise NotKept(_("The workbook is full: take something out of it first."))
    kept: Evidence = mine.create(
        learner=shelf,
        question=question,
        mark=piece.mark,
        kind=piece.kind,
        title=piece.title[:LONGEST_TITLE],
        content=content,
        at=datetime.fromisoformat(piece.at),
    )
    return kept


def _need_room() -> None:
    if is_full():
        raise NotKept(_("The server has no room left for anybody's workbook."))


def join(shelf: str, book: Book) -> None:
    """Put another workbook into this one: what differs is kept under what came. Raises NotKept, and then nothing is."""
    with transaction.atomic():
        for question, entry in book.items():
            _join_answer(shelf, question, entry.text)
            for piece in entry.evidence:
                if not Evidence.objects.filter(learner=shelf, mark=piece.mark).exists():
                    _put(shelf, question, piece)


def _join_answer(shelf: str, question: str, text: str) -> None:
    here = Answer.objects.filter(learner=shelf, question=question).values_list("text", flat=True).first()
    if text in (here or ""):
        if here is None:
            write(shelf, question, text)
        return
    write(shelf, question, text if not here or here in text else f"{text}{BETWEEN}{here}")


def carry(of: str, to: str) -> None:
    """All that stands on one shelf, the tray too, onto another. Raises NotKept."""
    with transaction.atomic():
        join(to, book_of(of))
        for each in Evidence.objects.filter(learner=of, question=TRAY):
            if not Evidence.objects.filter(learner=to, mark=each.mark).exists():
                _put(to, TRAY, _piece(each))


def file_title(name: str) -> str:
    """Of a picture that was handed in as a file."""
    return re.sub(r"\.png$", "", name, flags=re.IGNORECASE)[:LONGEST_TITLE] or _("A picture")
