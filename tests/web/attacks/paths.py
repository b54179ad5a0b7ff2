"""Every path that the server knows, walked, so that a new view is attacked as well without anybody's doing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters

CANDIDATES = ("1", "Q1", "some-name", "ABC234", "a/b", "0" * 32)
"""What stands for an argument: the first that its converter takes."""
ARGUMENT = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>[^>]+)>")


@dataclass(frozen=True)
class Known:
    route: str
    lab: str = ""
    """The argument that names a lab, as it stands in the route."""

    def filled(self, lab: str = "home") -> str:
        route = self.route.replace(self.lab, lab) if self.lab else self.route
        return "/" + ARGUMENT.sub(lambda found: _argument(found["converter"] or "str"), route)


def _argument(converter: str) -> str:
    taken = re.compile(get_converters()[converter].regex)
    return next(each for each in CANDIDATES if taken.fullmatch(each))


def known_paths() -> list[Known]:
    return [*_walked(get_resolver().url_patterns, "")]


def _walked(patterns: list[Any], before: str) -> Iterator[Known]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walked(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield Known(route, _lab_in(route))


def _lab_in(route: str) -> str:
    """What names a lab stands behind `labs/`, whatever its converter is called."""
    found = re.search(r"(?:^|/)labs/(<[^>]+>)", route)
    return found[1] if found else ""
