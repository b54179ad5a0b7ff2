"""Guides, written as Markdown in `fixtures/guides/`. They are in English, as the lessons are."""

from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from kafkalab.web.course.markdown import as_html

GUIDES = {"instructor": "How to run a class", "operator": "How to run the server"}
DIRECTORY = settings.BASE_DIR / "fixtures" / "guides"


@require_safe
def guide(request: HttpRequest, name: str) -> HttpResponse:
    if name not in GUIDES:
        raise Http404(f"There is no guide for the {name}.")
    context = {"name": name, "title": GUIDES[name], "text": _text(name), "guides": GUIDES, "here": "guide"}
    return render(request, "guides/guide.html", context)


@lru_cache
def _text(name: str) -> SafeString:
    return as_html((DIRECTORY / f"{name}.md").read_text(encoding="utf-8"))
