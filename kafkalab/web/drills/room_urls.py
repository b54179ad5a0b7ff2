"""The paths of a room's drill."""

from django.urls import path

from kafkalab.web.drills import room_pages

urlpatterns = [
    path("seat/<room:code>/drill/", room_pages.seat, name="seat-drill"),
    path("rooms/<room:code>/drill/", room_pages.console, name="room-drill"),
    path("rooms/<room:code>/drill/now/", room_pages.now, name="room-drill-now"),
    path("rooms/<room:code>/drill/order/", room_pages.order, name="room-drill-order"),
    path("rooms/<room:code>/drill/watch/<slug:place>/", room_pages.watch, name="room-drill-watch"),
    path("rooms/<room:code>/drill/results.md", room_pages.results, {"kind": "md"}, name="room-drill-md"),
    path("rooms/<room:code>/drill/results.csv", room_pages.results, {"kind": "csv"}, name="room-drill-csv"),
    path("rooms/<room:code>/drill/results.json", room_pages.results, {"kind": "json"}, name="room-drill-json"),
    path("rooms/<room:code>/drill/debrief/", room_pages.debrief, name="room-drill-debrief"),
]
