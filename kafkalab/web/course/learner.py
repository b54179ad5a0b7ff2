"""Who is asking: the browser's key and the shelf it writes on; a browser that writes first gets a key."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from kafkalab.web.course.shelves import shelf_of
from kafkalab.web.labs.owners import new_owner, owner_of, remember


@dataclass(frozen=True)
class Learner:
    key: str
    shelf: str
    is_new: bool

    def remembered(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if self.is_new:
            remember(response, self.key, secure=request.is_secure())
        return response


def learner_of(request: HttpRequest) -> Learner:
    """With a key in any case; `remembered` must be given what is answered."""
    known = owner_of(request)
    key = known or new_owner()
    return Learner(key, shelf_of(key), is_new=not known)


def address_of(request: HttpRequest) -> str:
    """Behind a proxy what the proxy says: the last one, as whatever stands before it the asker can have made up."""
    told = request.headers.get("X-Forwarded-For", "") if settings.PUBLIC.https else ""
    return told.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
