"""The ASGI application: pages, static files, and the sockets behind a check of where they come from."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kafkalab.web.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponseBase

http = get_asgi_application()

from kafkalab.web.classroom.routing import websocket_urlpatterns as of_rooms  # noqa: E402
from kafkalab.web.course.routing import websocket_urlpatterns as of_lessons  # noqa: E402
from kafkalab.web.demos.routing import websocket_urlpatterns as of_demos  # noqa: E402
from kafkalab.web.drills.routing import websocket_urlpatterns as of_drills  # noqa: E402
from kafkalab.web.headers import KIND_IS_AS_SAID, NOSNIFF  # noqa: E402
from kafkalab.web.labs.instructing import socket_knows_instructors  # noqa: E402
from kafkalab.web.labs.routing import websocket_urlpatterns  # noqa: E402  (needs Django to be set up)
from kafkalab.web.origins import from_our_own_pages  # noqa: E402


class StaticFiles(ASGIStaticFilesHandler):
    def serve(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = super().serve(request)
        except SuspiciousFileOperation:
            # A path that climbs out of the folder is no file of ours, and no fault of the server.
            raise Http404 from None
        response[KIND_IS_AS_SAID] = NOSNIFF
        # Without a word of ours browsers keep a file for days, and beside pages of a newer version it does not work.
        response["Cache-Control"] = "max-age=60"
        return response


sockets = [*websocket_urlpatterns, *of_lessons, *of_drills, *of_rooms, *of_demos]
application = ProtocolTypeRouter(
    {
        "http": StaticFiles(http),
        "websocket": from_our_own_pages(socket_knows_instructors(URLRouter(sockets))),
    }
)
