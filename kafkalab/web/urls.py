"""Which path leads to which view."""

from django.urls import include, path

urlpatterns = [
    path("course/", include("kafkalab.web.course.urls")),
    path("drills/", include("kafkalab.web.drills.urls")),
    path("demos/", include("kafkalab.web.demos.urls")),
    path("", include("kafkalab.web.classroom.urls")),
    path("", include("kafkalab.web.classroom.votes.urls")),
    path("", include("kafkalab.web.drills.room_urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("kafkalab.web.staff.urls")),
    path("guides/", include("kafkalab.web.guides.urls")),
    path("", include("kafkalab.web.archive.urls")),
    path("", include("kafkalab.web.labs.urls")),
]
