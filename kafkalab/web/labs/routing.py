"""The paths of the sockets."""

from django.urls import path

from kafkalab.web.labs.consumers import LabConsumer
from kafkalab.web.labs.terminal import TerminalConsumer

websocket_urlpatterns = [
    path("ws/labs/<slug:name>/", LabConsumer.as_asgi()),
    path("ws/labs/<slug:name>/terminal/", TerminalConsumer.as_asgi()),
]
