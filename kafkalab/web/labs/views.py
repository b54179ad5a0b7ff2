"""The pages of a lab and its API. A view guards, fetches, renders.

All views are async: a lab lives on the event loop's thread, and a view in a worker thread must not touch it.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.drills.duty_commands import duty_command_schema
from kafkalab.lab import (
    BRANCH_SIGN,
    FATES,
    TOPIC_SETTINGS,
    Lab,
    RecordLine,
    command_schema,
    parse_command,
    shell,
    telling,
)
from kafkalab.lessons.demo_commands import demo_command_schema
from kafkalab.lessons.sitting_commands import sitting_command_schema
from kafkalab.web.labs.batch_header import explained
from kafkalab.web.labs.forms import SUGGESTED, sections
from kafkalab.web.labs.joining import address_of
from kafkalab.web.labs.menus import buttons, menus_as_json
from kafkalab.web.labs.open_labs import HOME, Role, open_labs
from kafkalab.web.labs.owners import owner_of
from kafkalab.web.labs.prometheus import documented
from kafkalab.web.labs.recorded import SPANS
from kafkalab.web.labs.snippets import snippets
from kafkalab.web.labs.ways import ways_into

RECORDS_LISTED = 50
NOTHING_SHOWN: dict[str, Any] = {"entities": {}, "version": 1, "at_us": 0, "events": []}
_YEAR_10000_MS = 253_402_300_800_000


@require_safe
async def front_door(request: HttpRequest) -> HttpResponse:
    """To the home lab; whoever may not see that goes to labs of his own, or into a room."""
    if open_labs.home_is_open:
        return redirect("stage", HOME)
    has_own = open_labs.own is not None and open_labs.own.owned_by(owner_of(request))
    return redirect("own-labs" if has_own else "join")


@require_safe
@never_cache
async def stage(request: HttpRequest, name: str) -> HttpResponse:
    if name == HOME and not open_labs.home_is_open:
        # That there is a home lab is no secret, and an instructor who is not logged in shall find in.
        return redirect_to_login(request.path)
    visit = await open_labs.visited(name, owner_of(request))
    if name in open_labs.private:
        return redirect(open_labs.private[name].page)
    return render(request, "labs/stage.html", on_the_stage(request, name, visit.lab, visit.role))


def on_the_stage(request: HttpRequest, name: str, lab: Lab, role: Role = Role.ACTS) -> dict[str, Any]:
    """What its template needs. To who only watches no way in is told: a password would let him act."""
    entities = lab.snapshot()["entities"]
    # Nobody comes into a branch: the lab itself is where the doors are.
    trunk = name.partition(BRANCH_SIGN)[0]
    ways = ways_into(trunk, entities["lab"]["bootstrap_servers"]) if role is not Role.WATCHES else []
    topic = _first_topic(entities)
    return {
        "name": name,
        "socket": f"/ws/labs/{name}/",
        "lab": entities["lab"],
        "address": address_of(request, name),
        "sections": sections(buttons()),
        "menus": menus_as_json(),
        "suggested": SUGGESTED,
        "topic_settings": TOPIC_SETTINGS,
        "broker_settings": telling.changeable(),
        "ways": [(way, snippets(way, topic, number)) for number, way in enumerate(ways, 1)],
        "topic": topic,
        "watching": role is Role.WATCHES,
        "many": open_labs.own is not None,
        "timeline_spans": SPANS,
        "taped": lab.tape is not None,
        "fates": FATES,
    }


def _first_topic(entities: dict[str, dict[str, Any]]) -> str:
    names = sorted(it["topic"] for it in entities.values() if it["kind"] == "topic" and not it["internal"])
    return names[0] if names else "orders"


# -- records, as fragments of the page ---------------------------------------------------------------


@require_safe
@never_cache
async def records(request: HttpRequest, name: str) -> HttpResponse:
    """Records from an offset on, or the newest, of one partition or of all of a topic's."""
    lab = await open_labs.opened(name, owner_of(request))
    topic = request.GET.get("topic", "")
    key = request.GET.get("key", "")
    partition = _number(request.GET, "partition")
    if key:
        everywhere = lab.logs.find(topic, key, RECORDS_LISTED)
        found = [(number, line) for number, line in everywhere if partition in (None, number)]
    else:
        found = _listed(lab, topic, partition, _number(request.GET, "offset"))
    return render(request, "labs/_records.html", {"name": name, "topic": topic, "found": found})


def _listed(lab: Lab, topic: str, partition: int | None, offset: int | None) -> list[tuple[int, RecordLine]]:
    """Without a partition all of the topic's; without an offset the newest, which come first."""
    shown = lab.snapshot()["entities"].values()
    logs = [it for it in shown if it["kind"] == "partition" and it["topic"] == topic]
    found: list[tuple[int, RecordLine]] = []
    for log in logs:
        number = log["partition"]
        if partition in (None, number):
            first = max(0, log["log_end"] - RECORDS_LISTED) if offset is None else offset
            found += [(number, line) for line in lab.logs.records(topic, number, first, RECORDS_LISTED)]
    if offset is None:
        found.sort(key=lambda each: -each[1].timestamp_ms)
    return found[:RECORDS_LISTED]


@require_safe
@never_cache
async def record(request: HttpRequest, name: str) -> HttpResponse:
    """One record down to its bytes, as one broker has it on its disk."""
    lab = await open_labs.opened(name, owner_of(request))
    asked = request.GET
    partition, offset = _number(asked, "partition"), _number(asked, "offset")
    if partition is None or offset is None:
        raise Http404("Which record? A partition and an offset are needed.")
    opened = lab.logs.record(asked.get("topic", ""), partition, offset, _number(asked, "broker"))
    context: dict[str, Any] = {"opened": opened, "asked": asked}
    if opened is not None:
        context["fields"] = explained(opened.batch)
        context["segment_file"] = f"{opened.segment:020d}.log"
        context["chosen"] = lab.logs.chosen(opened)
        context["timestamp"] = _time(opened.record.timestamp_ms)
    return render(request, "labs/_record.html", context)


def _time(timestamp_ms: int) -> str:
    """A record may carry any number as its time; what is no date is shown as the number alone."""
    if not 0 <= timestamp_ms < _YEAR_10000_MS:
        return "no date"
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")


def _number(asked: QueryDict, field: str) -> int | None:
    """A whole number from the address, or None where nothing sensible stands."""
    said = asked.get(field, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


# -- the line that a command equals ---------------------------------------------------------------------


@require_safe
@never_cache
async def line(request: HttpRequest, name: str) -> HttpResponse:
    """The command line that a form's command equals as it stands; nothing while it is not yet one."""
    lab = await open_labs.opened(name, owner_of(request))
    try:
        command = parse_command(json.loads(request.GET.get("command", "")))
    except (ValueError, RecursionError):
        return HttpResponse(content_type="text/plain; charset=utf-8")
    return HttpResponse(shell(command, lab.bootstrap_servers), content_type="text/plain; charset=utf-8")


# -- API -----------------------------------------------------------------------------------------------


@require_safe
@never_cache
async def snapshot(request: HttpRequest, name: str) -> JsonResponse:
    lab = await open_labs.opened(name, owner_of(request))
    return JsonResponse(lab.snapshot())


@require_safe
@never_cache
async def healthz(request: HttpRequest) -> JsonResponse:
    """200 once every broker that should accept requests does."""
    lab = open_labs.by_name.get(HOME)
    if lab is None or not lab.ready:
        return JsonResponse({"ready": False}, status=503)
    return JsonResponse({"ready": True})


@require_safe
@never_cache
async def api(request: HttpRequest) -> HttpResponse:
    """The documentation: commands from their classes, entities from what the home lab shows right now."""
    shown = open_labs.common[HOME].snapshot() if HOME in open_labs.common else NOTHING_SHOWN
    examples: dict[str, tuple[str, str]] = {}
    for entity_id, entity in shown["entities"].items():
        examples.setdefault(entity["kind"], (entity_id, json.dumps(entity, indent=2, ensure_ascii=False)))
    context = {
        "home": HOME,
        "commands": command_schema(),
        "lesson_commands": sitting_command_schema(),
        "drill_commands": duty_command_schema(),
        "demo_commands": demo_command_schema(),
        "entities": sorted(examples.items()),
        "version": shown["version"],
        "at_us": shown["at_us"],
        "events": shown["events"][-2:],
        "metrics": documented(),
    }
    return render(request, "labs/api.html", context)
