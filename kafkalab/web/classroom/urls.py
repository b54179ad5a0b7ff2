"""The paths of rooms: `join/` and `seat/` for learners, `rooms/` for instructors."""

from django.urls import path, register_converter

from kafkalab.web.classroom import desk_pages, joining, orders
from kafkalab.web.classroom.codes_in_addresses import RoomCode

register_converter(RoomCode, "room")

urlpatterns = [
    path("join/", joining.join, name="join"),
    path("join/<room:code>/", joining.join, name="join-room"),
    path("seat/<room:code>/", joining.seat, name="seat"),
    path("seat/<room:code>/hand/", joining.hand, name="seat-hand"),
    path("rooms/", desk_pages.all_rooms, name="rooms"),
    path("rooms/new/", desk_pages.new_room, name="new-room"),
    path("rooms/<room:code>/", desk_pages.console, name="room"),
    path("rooms/<room:code>/watch/<slug:place>/", desk_pages.watch, name="room-watch"),
    path("rooms/<room:code>/projector/", desk_pages.projector, name="room-projector"),
    path("rooms/<room:code>/desk/", desk_pages.desk, name="room-desk"),
    path("rooms/<room:code>/join.svg", desk_pages.join_picture, name="room-join-picture"),
    path("rooms/<room:code>/order/", orders.order, name="room-order"),
]
