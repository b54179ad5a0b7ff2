"""The page of one's own labs: see them, make one, delete one; and the certificate that clients trust."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.lab import LabsRefused, ManyLabs, needed
from kafkalab.web.labs.consumers import close_those_of
from kafkalab.web.labs.making import TOO_MANY, may_make_a_lab
from kafkalab.web.labs.open_labs import HOME, open_labs
from kafkalab.web.labs.owners import new_owner, owner_of, remember


@require_safe
@never_cache
async def own_labs(request: HttpRequest) -> HttpResponse:
    return _shown(request, _many())


@require_POST
async def new_lab(request: HttpRequest) -> HttpResponse:
    many = _many()
    owner = owner_of(request) or new_owner()
    if not may_make_a_lab(request):
        return _shown(request, many, "Too many labs at once: wait a minute.", status=TOO_MANY)
    try:
        tenant = many.create(owner)
    except LabsRefused as refused:
        return _shown(request, many, str(refused), status=409)
    response: HttpResponse = redirect("stage", tenant.name)
    remember(response, owner, secure=request.is_secure())
    return response


@require_POST
async def delete_lab(request: HttpRequest, name: str) -> HttpResponse:
    many = _many()
    tenant = open_labs.tenant(name, owner_of(request))
    if tenant.lab is not None:
        await close_those_of(tenant.lab)
    many.delete(tenant)
    response: HttpResponse = redirect("own-labs")
    return response


@require_safe
async def security(request: HttpRequest) -> HttpResponse:
    """Listeners, users, lists: how they work here, and what every request needs."""
    context = {"home": HOME, "needed": needed(), "encrypted": open_labs.certificates is not None}
    return render(request, "labs/security.html", context)


@require_safe
async def authority(request: HttpRequest) -> HttpResponse:
    """The certificate of the authority that signed what the brokers show."""
    if open_labs.certificates is None:
        raise Http404("Nothing is encrypted here.")
    content = open_labs.certificates.authority.read_bytes()
    return HttpResponse(
        content,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="kafkalab-ca.pem"'},
    )


def _many() -> ManyLabs:
    if open_labs.own is None:
        raise Http404("This server plays one lab only.")
    return open_labs.own


def _shown(request: HttpRequest, many: ManyLabs, refusal: str = "", status: int = 200) -> HttpResponse:
    owned = many.owned_by(owner_of(request))
    context = {
        "home": HOME,
        "home_is_open": open_labs.home_is_open,
        "on_a_network": open_labs.on_a_network,
        "labs": owned,
        "most": many.bounds.of_one_owner,
        "refusal": refusal,
    }
    return render(request, "labs/labs.html", context, status=status)
