"""Who a browser is: a number of its own in a signed cookie. No account, no name, nothing about the person.

Whoever has the cookie has the labs. It cannot be made up, as the server has signed it.
"""

import secrets
from typing import Any

from django.core.signing import BadSignature, get_cookie_signer
from django.http import HttpRequest, HttpResponse

from kafkalab.web.labs.instructing import cookies_in

COOKIE = "kafkalab-owner"
SALT = "owner of labs"
A_YEAR_S = 365 * 24 * 3600


def owner_of(request: HttpRequest) -> str:
    """ "" for a browser that owns nothing yet."""
    return _unsigned(request.COOKIES.get(COOKIE, ""))


def owner_in(scope: dict[str, Any]) -> str:
    """The same of a websocket, by what it was opened with."""
    return _unsigned(cookies_in(scope).get(COOKIE, ""))


def new_owner() -> str:
    return secrets.token_hex(16)


def remember(response: HttpResponse, owner: str, *, secure: bool) -> None:
    """In that browser alone, out of reach of scripts and of other sites."""
    signed = get_cookie_signer(salt=SALT).sign(owner)
    response.set_cookie(COOKIE, signed, max_age=A_YEAR_S, httponly=True, samesite="Lax", secure=secure)


def _unsigned(value: str) -> str:
    try:
        return str(get_cookie_signer(salt=SALT).unsign(value))
    except BadSignature:
        return ""
