"""Where each learner is in the course, folded from the deeds since the room was opened, as they come in.

Everything here asks the database, so it is called in a thread.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kafkalab.lessons import Lesson, Section
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.course.models import Attached, Deed, Kind
from kafkalab.web.course.rules import in_words
from kafkalab.web.course.shelves import shelf_of_account

PROGRESS = (Kind.OPENED, Kind.PREDICTED, Kind.RAN, Kind.SAW, Kind.SOLVED, Kind.FINISHED)


@dataclass
class Note:
    """Of one learner."""

    lesson: str = ""
    section: str = ""
    said: Any = None
    """The last prediction in this section."""
    right: bool | None = None
    """None until it was put to the test."""
    hints: int = 0
    """Asked for in this section."""
    finished: bool = False
    at: datetime | None = None
    """Of the last step forward."""

    def hear(self, deed: Deed) -> None:
        if deed.kind == Kind.FINISHED:
            self.finished, self.lesson, self.section = True, deed.lesson, ""
        elif (deed.lesson, deed.section) != (self.lesson, self.section):
            self.lesson, self.section = deed.lesson, deed.section
            self.said, self.right, self.hints, self.finished = None, None, 0, False
        if deed.kind == Kind.PREDICTED:
            self.said, self.right = deed.detail.get("said"), None
        elif deed.kind == Kind.RAN:
            self.said, self.right = deed.detail.get("said"), deed.detail.get("right") is True
        elif deed.kind == Kind.HINTED:
            self.hints += 1
        if deed.kind in PROGRESS:
            self.at = deed.at


@dataclass
class Notes:
    """Of everybody in a room."""

    by_shelf: dict[str, Note] = field(default_factory=dict)
    last: int = 0
    """The number of the last deed that was looked at."""

    def look(self, room: Room, seats: list[Seat]) -> dict[str, Note]:
        """By the mark of the seat."""
        keys = {seat.key for seat in seats}
        accounts = dict(Attached.objects.filter(learner__in=keys).values_list("learner", "user_id"))
        shelves = {key: shelf_of_account(accounts[key]) if key in accounts else key for key in keys}
        new = Deed.objects.filter(id__gt=self.last, learner__in=set(shelves.values()), at__gte=room.opened_at)
        for deed in new.order_by("id"):
            self.by_shelf.setdefault(deed.learner, Note()).hear(deed)
            self.last = deed.id
        nothing = Note()
        return {seat.mark: self.by_shelf.get(shelves[seat.key], nothing) for seat in seats}


def in_the_course(note: Note, lessons: dict[str, Lesson]) -> dict[str, Any]:
    """Lesson, section and prediction as people read them. The lessons are by their names."""
    lesson = lessons.get(note.lesson)
    section = _section(lesson, note.section)
    said = in_words(section, note.said) if section is not None and note.said is not None else ""
    return {
        "lesson": f"{lesson.number} {lesson.title}" if lesson is not None else "",
        "section": section.title if section is not None else "",
        "said": said[:80],
        "right": note.right,
        "hints": note.hints,
        "finished": note.finished,
    }


def _section(lesson: Lesson | None, name: str) -> Section | None:
    return next((each for each in lesson.sections if each.name == name), None) if lesson is not None else None
