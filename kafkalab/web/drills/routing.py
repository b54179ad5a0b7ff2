"""The paths of the sockets of drills."""

from django.urls import re_path

from kafkalab.web.drills.consumers import DrillConsumer
from kafkalab.web.labs.lab_names import LabName

websocket_urlpatterns = [re_path(rf"^ws/labs/(?P<name>{LabName.regex})/drill/$", DrillConsumer.as_asgi())]
