"""The page of a lesson: the stage of the learner's own lab, with the lesson beside it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lessons import Lesson, LessonRefused
from kafkalab.web.classroom.seat_bar import bar_in_lesson
from kafkalab.web.course.catalogue import catalogue
from kafkalab.web.course.sitting_notes import bookmark_of, noting
from kafkalab.web.course.sitting_seats import Bookmark, NoSeat, Seat, seats
from kafkalab.web.course.sitting_words import WORDS
from kafkalab.web.labs.making import TOO_MANY, may_make_a_lab
from kafkalab.web.labs.owners import new_owner, owner_of, remember
from kafkalab.web.labs.views import on_the_stage


@require_safe
@never_cache
async def lesson(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """It opens the learner's lab of this lesson, or comes back to it."""
    found = catalogue().numbered(number)
    if found is None:
        raise Http404(f"There is no lesson {number}.")
    if found.name != name:
        return redirect("lesson", number, found.name)
    owner = owner_of(request) or new_owner()
    if seats.of(owner, number) is None and not may_make_a_lab(request):
        why = _("Too many labs at once: wait a minute.")
        return render(request, "course/lesson_refused.html", {"lesson": found, "why": why}, status=TOO_MANY)
    try:
        seat = await _seat(owner, found)
    except (NoSeat, LessonRefused) as refused:
        return render(request, "course/lesson_refused.html", {"lesson": found, "why": refused}, status=409)
    context = on_the_stage(request, seat.name, seat.sitting.shown)
    words = {key: str(word) for key, word in WORDS.items()}
    context |= {"socket": f"/ws/labs/{seat.name}/lesson/", "lesson": found, "lesson_words": words}
    context |= await bar_in_lesson(owner, seat.name)
    response = render(request, "labs/stage.html", context)
    remember(response, owner, secure=request.is_secure())
    return response


async def _seat(owner: str, found: Lesson) -> Seat:
    """Raises NoSeat, and LessonRefused for a lesson that cannot be played."""
    seat = seats.of(owner, found.number)
    if seat is not None:
        return seat
    bookmark = await bookmark_of(owner, found)
    seats.make_room(owner)
    note = noting(owner, found)
    made = await Seat.prepared(owner, found, bookmark or Bookmark(), note)
    seat = seats.of(owner, found.number)
    if seat is not None:
        # Another request of the same browser was faster.
        made.close()
        return seat
    seats.take(made)
    if bookmark is None:
        note("", "opened", {"seed": made.sitting.seed})
    return made
