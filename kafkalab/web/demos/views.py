"""The pages of demos: which there are, and the stage of one with its cue cards or, on a projector, without."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lessons import LessonRefused
from kafkalab.lessons.demo import Demo
from kafkalab.web.course.catalogue import catalogue, lesson_href
from kafkalab.web.demos.shelf import demo_href, shelf
from kafkalab.web.demos.stands import NoStand, Stand, stands
from kafkalab.web.demos.words import WORDS
from kafkalab.web.labs.making import TOO_MANY, may_make_a_lab
from kafkalab.web.labs.owners import new_owner, owner_of, remember
from kafkalab.web.labs.views import on_the_stage


@require_safe
async def demos(request: HttpRequest) -> HttpResponse:
    """By lesson."""
    known = shelf()
    rows = [(demo, demo_href(demo), catalogue().numbered(demo.lesson)) for demo in known.demos]
    listed = [
        {
            "demo": demo,
            "href": href,
            "minutes": round(demo.talk_s / 60),
            "belief": lesson.belief if lesson is not None else "",
            "lesson_href": lesson_href(lesson) if lesson is not None else "",
        }
        for demo, href, lesson in rows
    ]
    return render(request, "demos/list.html", {"here": "demos", "rows": listed, "refusals": known.refusals})


@require_safe
@never_cache
async def demo(request: HttpRequest, lesson: int, name: str) -> HttpResponse:
    """It opens the presenter's lab of this demo, or comes back to it."""
    found = _found(lesson, name)
    owner = owner_of(request) or new_owner()
    if stands.named(owner, found.path) is None and not may_make_a_lab(request):
        why = _("Too many labs at once: wait a minute.")
        return render(request, "demos/refused.html", {"demo": found, "why": why, "here": "demos"}, status=TOO_MANY)
    try:
        stand = await stands.at(owner, found)
    except (NoStand, LessonRefused) as refused:
        return render(request, "demos/refused.html", {"demo": found, "why": refused, "here": "demos"}, status=409)
    return at_stand(request, stand, owner)


def at_stand(request: HttpRequest, stand: Stand, owner: str) -> HttpResponse:
    """The stage of its lab, with the cue cards or, with `?projector`, without."""
    projects = "projector" in request.GET
    context = on_the_stage(request, stand.name, stand.showing.lab)
    context |= {
        "socket": f"/ws/labs/{stand.name}/demo/{'?projector' if projects else ''}",
        "projects": projects,
        "demo": stand.showing.demo,
        "demo_words": {key: str(word) for key, word in WORDS.items()},
    }
    response = render(request, "labs/stage.html", context)
    remember(response, owner, secure=request.is_secure())
    return response


@require_safe
@never_cache
async def recorded(request: HttpRequest, lesson: int, name: str) -> HttpResponse:
    """The demo that was recorded last on this presenter's own lab, as a file."""
    stand = stands.named(owner_of(request), _found(lesson, name).path)
    if stand is None or not stand.showing.recorded:
        raise Http404("Nothing was recorded here.")
    response = HttpResponse(stand.showing.recorded, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{lesson:02}-recorded.yaml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _found(lesson: int, name: str) -> Demo:
    """Raises Http404."""
    found = shelf().found(lesson, name)
    if found is None:
        raise Http404(f"There is no demo {lesson}-{name}.")
    return found
