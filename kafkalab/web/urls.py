"""Which path leads to which view."""

from django.urls import include, path

urlpatterns = [
    path("", include("kafkalab.web.archive.urls")),
    path("", include("kafkalab.web.labs.urls")),
]
