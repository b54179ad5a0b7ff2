"""How others come to a lab: its address, and the same as a picture that a phone reads."""

import io

import segno
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of


def address_of(request: HttpRequest, name: str) -> str:
    """Where the lab's page is, as whoever asked has come to it."""
    return str(request.build_absolute_uri(reverse("stage", args=[name])))


@require_safe
@never_cache
async def join_code(request: HttpRequest, name: str) -> HttpResponse:
    """The lab's address as a QR code, an SVG picture."""
    await open_labs.opened(name, owner_of(request))
    picture = io.BytesIO()
    segno.make(address_of(request, name), error="m", micro=False).save(picture, kind="svg", scale=4, border=2, nl=False)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")
