"""The paths of the sockets of demos."""

from django.urls import re_path

from kafkalab.web.demos.consumers import DemoConsumer
from kafkalab.web.labs.lab_names import LabName

websocket_urlpatterns = [re_path(rf"^ws/labs/(?P<name>{LabName.regex})/demo/$", DemoConsumer.as_asgi())]
