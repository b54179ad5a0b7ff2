"""What could have been different in the past of a lab, as a form to choose from."""

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import changes
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of


@require_safe
@never_cache
async def what_if(request: HttpRequest, name: str) -> HttpResponse:
    lab = await open_labs.opened(name, owner_of(request))
    offered = [(about, list(each)) for about, each in groupby(changes(lab), key=lambda change: change.about)]
    return render(request, "labs/_what_if.html", {"offered": offered, "past": lab.past is not None})
