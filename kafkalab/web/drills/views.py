"""The pages of the drills: the list, the stage of the learner's own lab with the drill beside it, and what is left."""

import json
import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.drills import Drill, LessonRefused, post_mortem, summary_row, timeline_rows
from kafkalab.web.drills.desks import NoDesk, desks
from kafkalab.web.drills.files import as_csv
from kafkalab.web.drills.pane import pane
from kafkalab.web.drills.sitting_down import desk_for
from kafkalab.web.drills.stories import drill_href, drills, first_sentence, numbered, stories
from kafkalab.web.drills.storing import played_by
from kafkalab.web.labs.making import TOO_MANY, may_make_a_lab
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import new_owner, owner_of, remember

MOST_SEEDS = 100_000
KINDS = {"md": "text/markdown", "csv": "text/csv", "json": "application/json"}
LEVELS = (1, 2, 3, 4, 5)


@require_safe
@never_cache
async def all_drills(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    played = await played_by(str(owner))
    rows = [_row(drill, owner, played) for drill in drills()]
    levels = [(level, [row for row in rows if row["level"] == level]) for level in LEVELS]
    return render(request, "drills/drills.html", {"levels": [each for each in levels if each[1]], "here": "drills"})


def _row(drill: Drill, owner: str, played: set[int]) -> dict[str, object]:
    story = stories()[drill.number]
    return {
        "number": drill.number,
        "level": drill.level,
        "story": story,
        "begins": first_sentence(drill),
        "href": drill_href(drill.number),
        "title": drill.title if drill.number in played else "",
        "open": bool(owner) and desks.of(owner, drill.number) is not None,
    }


@require_safe
@never_cache
async def drill(request: HttpRequest, number: int, name: str = "") -> HttpResponse:
    """It opens the learner's lab of this drill, or comes back to it. `?seed=7` is what others had under that seed."""
    found = numbered(number)
    if found is None:
        raise Http404(f"There is no drill {number}.")
    if request.path != drill_href(number):
        asked_for = request.META.get("QUERY_STRING", "")
        return redirect(f"{drill_href(number)}?{asked_for}" if asked_for else drill_href(number))
    asked = request.GET.get("seed", "")
    seed = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else secrets.randbelow(MOST_SEEDS) + 1
    owner = str(owner_of(request)) or new_owner()
    if desks.of(owner, number) is None and not may_make_a_lab(request):
        context = {"story": stories()[number], "why": _("Too many labs at once: wait a minute."), "here": "drills"}
        return render(request, "drills/refused.html", context, status=TOO_MANY)
    try:
        desk = await desk_for(owner, found, seed)
    except (NoDesk, LessonRefused) as refused:
        context = {"story": stories()[number], "why": refused, "here": "drills"}
        return render(request, "drills/refused.html", context, status=409)
    response = render(request, "labs/stage.html", pane(request, desk))
    remember(response, owner, secure=request.is_secure())
    return response


# -- what is left of it ---------------------------------------------------------------------------------


@require_safe
@never_cache
async def left_over(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """The post-mortem as a file: Markdown, or the timeline as CSV, or all of it as JSON."""
    await open_labs.visited(name, owner_of(request))
    desk = desks.by_name.get(name)
    if desk is None or desk.duty.incident.over_us is None:
        raise Http404("There is no incident that is over under this name.")
    incident = desk.duty.incident
    called = f"drill-{incident.drill.number}-seed-{incident.seed}.{kind}"
    if kind == "md":
        content = post_mortem(incident)
    elif kind == "csv":
        content = as_csv(timeline_rows(incident))
    else:
        whole = {"summary": summary_row(incident), "written": incident.written, "timeline": timeline_rows(incident)}
        content = json.dumps(whole, indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": f'attachment; filename="{called}"'}
    return HttpResponse(content, content_type=f"{KINDS[kind]}; charset=utf-8", headers=headers)
