"""The paths of the instructors' door."""

from django.urls import path

from kafkalab.web.staff import views

urlpatterns = [
    path("instructor/", views.come_in, name="instructor"),
    path("instructor/go-out/", views.go_out, name="instructor-out"),
]
