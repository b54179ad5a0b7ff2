"""What one real client has asked lately and what it was answered, field by field, for whoever has chosen it."""

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of


@require_safe
@never_cache
async def requests(request: HttpRequest, name: str, client: int) -> JsonResponse:
    """Of one API, if the address names one."""
    lab = await open_labs.opened(name, owner_of(request))
    last = lab.overheard.last(client, request.GET.get("api", ""))
    return JsonResponse({"apis": lab.overheard.apis(client), "requests": [asdict(each) for each in last]})
