"""The paths of the sockets."""

from django.urls import re_path

from kafkalab.web.labs.consumers import LabConsumer
from kafkalab.web.labs.lab_names import LabName
from kafkalab.web.labs.terminal import TerminalConsumer

websocket_urlpatterns = [
    re_path(rf"^ws/labs/(?P<name>{LabName.regex})/$", LabConsumer.as_asgi()),
    re_path(rf"^ws/labs/(?P<name>{LabName.regex})/terminal/$", TerminalConsumer.as_asgi()),
]
