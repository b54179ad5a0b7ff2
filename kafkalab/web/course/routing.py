"""The paths of the sockets of lessons."""

from django.urls import re_path

from kafkalab.web.course.sitting_consumers import SittingConsumer
from kafkalab.web.labs.lab_names import LabName

websocket_urlpatterns = [re_path(rf"^ws/labs/(?P<name>{LabName.regex})/lesson/$", SittingConsumer.as_asgi())]
