"""Every answer tells the browser what it may load: our own files, and nothing inline.

What a learner types is shown as text, and even where that failed, the browser would run none of it.
"""

import logging
from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import async_only_middleware

HEALTH = "/healthz"
KIND_IS_AS_SAID, NOSNIFF = "X-Content-Type-Options", "nosniff"
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class OneLine(logging.Formatter):
    """What went wrong, without the way through the code to where it was noticed: the fault is outside."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()


class NotYetReady(logging.Filter):
    """Whoever asks for health before there is any is told so, and to the server's own log that is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        asked = getattr(record, "request", None)
        return asked is None or asked.path != HEALTH or getattr(record, "status_code", None) != 503


@async_only_middleware
def health_first(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    """Whoever asks if the lab is well gets the answer at once. What comes after this goes through
    worker threads, and those wait for their turn while a flood keeps the event loop busy."""
    from kafkalab.web.labs.views import healthz

    async def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path != HEALTH:
            return await get_response(request)
        response = await healthz(request)
        response[KIND_IS_AS_SAID] = NOSNIFF
        return response

    return answer


@async_only_middleware
def content_security_policy(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    async def answer(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response

    return answer
