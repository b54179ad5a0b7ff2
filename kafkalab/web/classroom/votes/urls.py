"""The paths of votes, in the rooms of instructors and at the seats of learners."""

from django.urls import path

from kafkalab.web.classroom.votes import desk_pages, seat_pages

urlpatterns = [
    path("rooms/<room:code>/votes/", desk_pages.page, name="votes"),
    path("rooms/<room:code>/votes/order/", desk_pages.order, name="vote-order"),
    path("rooms/<room:code>/votes/tally/", desk_pages.tally, name="vote-tally"),
    path("rooms/<room:code>/votes/wall/", desk_pages.wall, name="vote-wall"),
    path("rooms/<room:code>/votes/stage/", desk_pages.stage_of, name="vote-stage"),
    path("seat/<room:code>/vote/", seat_pages.page, name="seat-vote"),
    path("seat/<room:code>/vote/ballot/", seat_pages.ballot, name="seat-ballot"),
    path("seat/<room:code>/vote/cast/", seat_pages.cast, name="seat-cast"),
]
