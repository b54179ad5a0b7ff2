"""What a lab recorded: the index of its timeline, a moment, a run of frames, and the whole of it as a file.

Guarded as every view of a lab: to whom the lab is not there, its past is not either.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from kafkalab.lab import Forgotten, recording_head
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

LONGEST_RUN_US = 600_000_000
GONE = 410
SPANS = ("1 min", "5 min", "all")
"""How much of it the timeline shows."""


@require_safe
@never_cache
@gzip_page
async def index(request: HttpRequest, name: str) -> JsonResponse:
    """What is held, the facts that are worth a tick, and the vital signs second by second."""
    lab = await open_labs.opened(name, owner_of(request))
    return JsonResponse(lab.recording.index())


@require_safe
@never_cache
@gzip_page
async def moment(request: HttpRequest, name: str) -> HttpResponse:
    """The snapshot of then, as the socket would have given it; 410 with a sentence where it is not held."""
    lab = await open_labs.opened(name, owner_of(request))
    try:
        return JsonResponse(lab.recording.at(_moment(request.GET, "at_us")))
    except Forgotten as forgotten:
        return _gone(forgotten)


@require_safe
@never_cache
@gzip_page
async def run(request: HttpRequest, name: str) -> HttpResponse:
    """A list of messages as the socket sent them: the snapshot of the first moment, and each frame until the last."""
    lab = await open_labs.opened(name, owner_of(request))
    from_us, to_us = _moment(request.GET, "from_us"), _moment(request.GET, "to_us")
    if to_us - from_us > LONGEST_RUN_US:
        return JsonResponse({"error": "So long a run is not given at once."}, status=400)
    try:
        texts = lab.recording.run(from_us, to_us)
    except Forgotten as forgotten:
        return _gone(forgotten)
    return HttpResponse(f"[{','.join(texts)}]", content_type="application/json")


@require_safe
@never_cache
async def recording(request: HttpRequest, name: str) -> HttpResponse:
    """Everything that is held, as a file for `manage.py replay`: gzip members of lines, the first says what it is."""
    lab = await open_labs.opened(name, owner_of(request))
    content = b"".join([recording_head(lab.settings.name), *lab.recording.members()])
    return _file(content, "application/gzip", f"{slugify(lab.settings.name)}-recording.jsonl.gz")


@require_safe
@never_cache
async def tape(request: HttpRequest, name: str) -> HttpResponse:
    """What was done in a lab that plays in lab time, which makes the same history again."""
    lab = await open_labs.opened(name, owner_of(request))
    if lab.faults.secret:
        raise Http404("The tape of a drill tells what was broken: it is there after the debrief has begun.")
    if lab.tape is None:
        raise Http404("Only a lab that began in lab time has a tape: real clients would not do the same again.")
    lines = lab.tape.lines(lab.world.now_us)
    return _file(lines.encode(), "application/jsonl", f"{slugify(lab.settings.name)}-tape.jsonl")


def _file(content: bytes, kind: str, called: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{called}"'})


def _gone(forgotten: Forgotten) -> JsonResponse:
    return JsonResponse({"error": str(forgotten)}, status=GONE)


def _moment(asked: QueryDict, field: str) -> int:
    said = asked.get(field, "")
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise Http404(f"Which moment? {field} is a number of microseconds.")
    return int(said)
