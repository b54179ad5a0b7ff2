"""The paths of the sockets."""

from django.urls import path

from kafkalab.web.labs.consumers import LabConsumer

websocket_urlpatterns = [path("ws/labs/<slug:name>/", LabConsumer.as_asgi())]
