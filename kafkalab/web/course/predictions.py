"""Predictions as evidence: what was asked, what was predicted and what happened, from deeds alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from kafkalab.lessons import Lesson
from kafkalab.web.course.bookshelf import NotKept
from kafkalab.web.course.models import Deed, Kind
from kafkalab.web.course.rules import in_words


@dataclass(frozen=True)
class Made:
    """One prediction that was put to the test."""

    mark: str
    """Of the deed."""
    title: str
    content: str


def predictions_for(lessons: Iterable[Lesson], deeds: Iterable[Deed]) -> list[Made]:
    """In the order in which they were made."""
    sections = {(lesson.name, each.name): (lesson, each) for lesson in lessons for each in lesson.sections}
    because: dict[tuple[str, str], str] = {}
    made = []
    for deed in deeds:
        at = (deed.lesson, deed.section)
        if deed.kind == Kind.PREDICTED:
            because[at] = str(deed.detail.get("because") or "")
        if deed.kind != Kind.RAN or at not in sections:
            continue
        lesson, section = sections[at]
        lines = [
            _("Asked: %s") % (deed.detail.get("ask") or section.predict.ask),
            _("Predicted: %s") % in_words(section, deed.detail.get("said")),
            *([_("Because: %s") % because[at]] if because.get(at) else []),
            *([_("Sure: %s %%") % deed.detail["confidence"]] if deed.detail.get("confidence") is not None else []),
            _("What happened: %s") % in_words(section, deed.detail.get("answer")),
        ]
        title = _("Lesson %(number)s, %(section)s") % {"number": lesson.number, "section": section.title}
        made.append(Made(deed.mark, title, "\n".join(lines)))
    return made


def prediction_text(lessons: Iterable[Lesson], deeds: Iterable[Deed], mark: str) -> tuple[str, str]:
    """Its title and its content. Raises NotKept."""
    found = next((each for each in predictions_for(lessons, deeds) if each.mark == mark), None)
    if found is None:
        raise NotKept(_("There is no such prediction."))
    return found.title, found.content
