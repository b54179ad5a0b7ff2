"""Two histories of a lab side by side, and what differs between them."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import Family, Lab, clocks, differences
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

MOST_SENTENCES = 40


@dataclass(frozen=True, slots=True)
class Side:
    branch: str
    """ "" for the lab itself."""
    path: str
    name: str
    lab: Lab
    lineage: str


@require_safe
@never_cache
async def compare(request: HttpRequest, name: str) -> HttpResponse:
    """The page: `a` and `b` are names of branches, or empty for the lab itself."""
    trunk = await open_labs.opened(name, owner_of(request))
    family = trunk.family
    a, b = _sides(request, family)
    others = ["", *family.branches]
    return render(
        request,
        "labs/compare.html",
        {"name": name, "sides": (a, b), "a": a, "b": b, "others": others, "says": _said_of(family, a, b)},
    )


@require_safe
@never_cache
async def compared(request: HttpRequest, name: str) -> HttpResponse:
    """The sentences, as a fragment."""
    trunk = await open_labs.opened(name, owner_of(request))
    a, b = _sides(request, trunk.family)
    seen_a, seen_b = a.lab.snapshot(), b.lab.snapshot()
    found = differences(seen_a["entities"], seen_b["entities"], a.name, b.name)
    context = {
        "clocks": clocks(seen_a["at_us"], seen_b["at_us"], a.name, b.name),
        "differences": found[:MOST_SENTENCES],
        "more": max(0, len(found) - MOST_SENTENCES),
    }
    return render(request, "labs/_differences.html", context)


def _said_of(family: Family, a: Side, b: Side) -> str:
    """Of a what-if twin beside how it was, the sentence from both ledgers."""
    pair = [family.branches[side.branch].says for side in (a, b) if side.branch]
    return pair[0] if len(pair) == 2 and pair[0] == pair[1] else ""


def _sides(request: HttpRequest, family: Family) -> tuple[Side, Side]:
    """Without a choice, the lab itself and the branch that began last. Raises Http404."""
    last = next(reversed(family.branches), "")
    return _side(family, request.GET.get("a", "")), _side(family, request.GET.get("b", last))


def _side(family: Family, branch: str) -> Side:
    trunk = family.trunk.settings.name
    if not branch:
        return Side("", trunk, trunk, family.trunk, "the lab itself")
    found = family.branches.get(branch)
    if found is None:
        raise Http404(f"There is no branch {branch} of {trunk}.")
    return Side(branch, family.path(branch), branch, found.lab, f"parted from {found.of or trunk}")
