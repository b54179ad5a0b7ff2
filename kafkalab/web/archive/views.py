"""The page of a lab's archives: what lies in its object store, live, and whether each record is there once."""

import asyncio
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.archive.formats import FORMATS, NotOfThisFormat
from kafkalab.archive.names import Archive
from kafkalab.archive.sink import LEAST_MIB, LEAST_S, MOST_MIB, MOST_S
from kafkalab.archive.store import StoreUnreachable
from kafkalab.lab import ARCHIVE_ORDERS, CommandRefused, Lab, NotPossible, Outcome, parse_command
from kafkalab.web.archive.drawing import drawn
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

PATIENCE_S = 10
LISTED = 20
NUMBERS = ("buffer_mib", "buffer_s")


@require_safe
@never_cache
async def archive(request: HttpRequest, name: str) -> HttpResponse:
    lab = await open_labs.opened(name, owner_of(request))
    return render(request, "archive/archive.html", _shown(lab, name))


@require_safe
@never_cache
async def now(request: HttpRequest, name: str) -> HttpResponse:
    """What changes by itself, as a fragment."""
    lab = await open_labs.opened(name, owner_of(request))
    return render(request, "archive/_now.html", _shown(lab, name))


@require_POST
async def order(request: HttpRequest, name: str) -> HttpResponse:
    """Start a sink, stop it, kill it: the command that the form's fields say."""
    visit = await open_labs.visited(name, owner_of(request))
    lab = visit.lab
    if refusal := open_labs.refusal(visit):
        return _again(request, lab, name, refusal)
    said: dict[str, Any] = {field: value for field, value in request.POST.items() if value and field[:4] != "csrf"}
    if said.get("command") not in ARCHIVE_ORDERS:
        raise Http404("No such order is given here.")
    said |= {field: int(said[field]) for field in NUMBERS if str(said.get(field, "")).isdecimal()}
    try:
        command = parse_command(said)
    except CommandRefused as refused:
        return _again(request, lab, name, "; ".join(f"{field}: {why}" for field, why in refused.fields.items()))
    answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    lab.do(command, answered.set_result)
    outcome = await asyncio.wait_for(answered, PATIENCE_S)
    if not outcome.ok:
        return _again(request, lab, name, outcome.error)
    response: HttpResponse = redirect("archive", name)
    return response


@require_safe
@never_cache
async def verify(request: HttpRequest, name: str) -> HttpResponse:
    """Every object read back, beside the log."""
    lab = await open_labs.opened(name, owner_of(request))
    asked = [request.GET.get(field, "") for field in ("topic", "topic_id", "format")]
    bucket = lab.archives.bucket
    if asked[2] not in FORMATS or bucket is None or Archive(*asked) not in bucket.chains:
        raise Http404("There is no such archive.")
    found = Archive(*asked)
    context: dict[str, Any] = {"archive": found}
    try:
        context["partitions"] = [(each, lab.archives.compared(found, each)) for each in sorted(bucket.chains[found])]
    except NotPossible as wrong:
        context["problem"] = gettext("Not possible: %s.") % wrong
    except (StoreUnreachable, NotOfThisFormat) as wrong:
        context["problem"] = str(wrong)
    return render(request, "archive/_verified.html", context)


def _again(request: HttpRequest, lab: Lab, name: str, refusal: str) -> HttpResponse:
    return render(request, "archive/archive.html", _shown(lab, name) | {"refusal": refusal}, status=409)


def _shown(lab: Lab, name: str) -> dict[str, Any]:
    entities = lab.snapshot()["entities"].values()
    ends = {(it["topic"], it["partition"]): it["log_end"] for it in entities if it["kind"] == "partition"}
    written = {it["archive"]: it["written"] for it in entities if it["kind"] == "archive_objects"}
    now_us = lab.world.now_us
    return {
        "name": name,
        "lab": lab.settings.name,
        "archives": [
            each | _pictured(each, written[each["archive"]], ends, now_us)
            for each in entities
            if each["kind"] == "archive"
        ],
        "topics": sorted(it["topic"] for it in entities if it["kind"] == "topic" and not it["internal"]),
        "formats": FORMATS,
        "bounds": (LEAST_MIB, MOST_MIB, LEAST_S, MOST_S),
    }


def _pictured(
    archive: dict[str, Any], written: list[dict[str, Any]], ends: dict[tuple[str, int], int], now_us: int
) -> dict[str, Any]:
    drawings = []
    for each in archive["partitions"]:
        number = each["partition"]
        objects = [it for it in written if it["partition"] == number]
        drawings.append(drawn(each, objects, ends.get((archive["topic"], number), 0), archive))
    return {"drawings": drawings, "newest": _newest(written, now_us)}


def _newest(written: list[dict[str, Any]], now_us: int) -> list[dict[str, Any]]:
    """Of all partitions, the newest first."""
    told = [
        it | {"age_s": None if it["at_us"] is None else (now_us - it["at_us"]) // 1_000_000, "last": it["next"] - 1}
        for it in written
    ]
    return sorted(told, key=lambda it: (-(it["at_us"] or 0), -it["first"]))[:LISTED]
