"""What the inspector asks for when a tab of it is opened: why a thing is as it is, and what its settings are."""

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import configs_of
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

LONGEST = 2_000
_LARGEST_DIGITS = 15


@require_safe
@never_cache
async def why(request: HttpRequest, name: str) -> JsonResponse:
    """Of an entity by `id`; or of one fact, by its `moment` and its `text`."""
    lab = await open_labs.opened(name, owner_of(request))
    asked = request.GET
    moment = asked.get("moment", "")
    number = int(moment) if moment.isascii() and moment.isdigit() and len(moment) <= _LARGEST_DIGITS else None
    explained = lab.why.explain(asked.get("id", "")[:LONGEST], number, asked.get("text", "")[:LONGEST])
    return JsonResponse(asdict(explained))


@require_safe
@never_cache
async def configs(request: HttpRequest, name: str) -> JsonResponse:
    """Of an entity by `id`."""
    lab = await open_labs.opened(name, owner_of(request))
    return JsonResponse(asdict(configs_of(lab, request.GET.get("id", "")[:LONGEST])))
