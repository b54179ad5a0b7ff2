"""What the inspector asks for when a tab of it is opened: why a thing is as it is, and what its settings are."""

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import configs_of
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

LONGEST = 2_000
MOST_DIGITS = 18


@require_safe
@never_cache
async def why(request: HttpRequest, name: str) -> JsonResponse:
    """Of an entity by `id`, as it was `until` a time in microseconds; or of one fact, by its `moment` and `text`."""
    lab = await open_labs.opened(name, owner_of(request))
    asked = request.GET
    moment, until_us = _number(asked, "moment"), _number(asked, "until")
    explained = lab.why.explain(asked.get("id", "")[:LONGEST], moment, asked.get("text", "")[:LONGEST], until_us)
    return JsonResponse(asdict(explained))


@require_safe
@never_cache
async def configs(request: HttpRequest, name: str) -> JsonResponse:
    """Of an entity by `id`."""
    lab = await open_labs.opened(name, owner_of(request))
    return JsonResponse(asdict(configs_of(lab, request.GET.get("id", "")[:LONGEST])))


def _number(asked: QueryDict, field: str) -> int | None:
    """None where no whole number stands."""
    said = asked.get(field, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS else None
