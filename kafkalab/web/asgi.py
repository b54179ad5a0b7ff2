"""The ASGI application: pages, static files, and the sockets behind a check of where they come from."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kafkalab.web.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

http = get_asgi_application()

from kafkalab.web.labs.routing import websocket_urlpatterns  # noqa: E402  (needs Django to be set up)

application = ProtocolTypeRouter(
    {
        "http": ASGIStaticFilesHandler(http),
        "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns)),
    }
)
