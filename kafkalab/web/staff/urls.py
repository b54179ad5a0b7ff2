"""The paths of the instructors' door. It is found beside the rooms as well."""

from django.urls import path

from kafkalab.web.staff import views

urlpatterns = [
    path("instructor/", views.come_in, name="instructor"),
    path("instructor/go-out/", views.go_out, name="instructor-out"),
    path("rooms/login/", views.come_in),
    path("rooms/logout/", views.go_out),
]
