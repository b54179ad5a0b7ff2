"""The paths of the sockets of rooms."""

from django.urls import re_path

from kafkalab.web.classroom.codes_in_addresses import RoomCode
from kafkalab.web.classroom.consumers import ConsoleConsumer, SeatConsumer

websocket_urlpatterns = [
    re_path(rf"^ws/rooms/(?P<code>{RoomCode.regex})/$", SeatConsumer.as_asgi()),
    re_path(rf"^ws/rooms/(?P<code>{RoomCode.regex})/console/$", ConsoleConsumer.as_asgi()),
]
