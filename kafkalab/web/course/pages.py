"""The course's pages to read: the map, concepts, search, cards, what was found out, and sheets of questions.

Views are sync, as they wait for the database; none of them touches a lab.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.web.course.bookshelf import book_of
from kafkalab.web.course.catalogue import catalogue, lesson_href
from kafkalab.web.course.finding import LONGEST_QUERY
from kafkalab.web.course.finding import concepts as concepts_of
from kafkalab.web.course.finding import search as searched
from kafkalab.web.course.models import Deed, Kind
from kafkalab.web.course.progress import deeds_of
from kafkalab.web.course.rules import SURE, found_out
from kafkalab.web.course.shelves import shelf_of
from kafkalab.web.course.standing import resume, standings
from kafkalab.web.labs.owners import owner_of


@require_safe
@never_cache
def course_map(request: HttpRequest) -> HttpResponse:
    known = catalogue()
    deeds = deeds_of(owner_of(request))
    rows = standings(known.lessons, deeds)
    context = {
        "here": "map",
        "rows": rows,
        "finished": sum(row.state == "finished" for row in rows),
        "resume": resume(known.lessons, deeds),
        "refusals": known.refusals,
    }
    return render(request, "course/map.html", context)


@require_safe
@never_cache
def concepts(request: HttpRequest) -> HttpResponse:
    found = [
        (concept, [(lesson, sentence, lesson_href(lesson)) for lesson, sentence in concept.lessons])
        for concept in concepts_of(catalogue().lessons)
    ]
    return render(request, "course/concepts.html", {"here": "concepts", "concepts": found})


@require_safe
@never_cache
def search(request: HttpRequest) -> HttpResponse:
    """The whole page, or for who is typing only what was found."""
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    finished = _finished(deeds_of(owner_of(request)))
    context = {"here": "search", "query": query, "found": searched(catalogue().lessons, finished, query)}
    is_typing = request.headers.get("HX-Request") == "true"
    return render(request, "course/_found.html" if is_typing else "course/search.html", context)


@require_safe
@never_cache
def cards(request: HttpRequest) -> HttpResponse:
    """A card for each lesson that was finished."""
    finished = _finished(deeds_of(owner_of(request)))
    done = [(lesson, lesson_href(lesson)) for lesson in catalogue().lessons if lesson.name in finished]
    return render(request, "course/cards.html", {"here": "cards", "cards": done})


@require_safe
@never_cache
def rules(request: HttpRequest) -> HttpResponse:
    known = catalogue()
    shown = found_out(known.lessons, deeds_of(owner_of(request)))
    answered = sum(bool(entry.text.strip()) for entry in book_of(shelf_of(owner_of(request))).values())
    context = {"here": "rules", "found": shown, "kinds": shown.by_kind, "sure": SURE, "answered": answered}
    return render(request, "course/rules.html", context)


@require_safe
def sheet(request: HttpRequest, number: int) -> HttpResponse:
    """What a lesson asks, and no answers: to be printed."""
    lesson = catalogue().numbered(number)
    if lesson is None:
        raise Http404(f"There is no lesson {number}.")
    return render(request, "course/sheet.html", {"lesson": lesson})


def _finished(deeds: list[Deed]) -> set[str]:
    return {deed.lesson for deed in deeds if deed.kind == Kind.FINISHED}
