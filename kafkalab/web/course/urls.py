"""The paths of the course. The lessons themselves are played under `course/<number>-<name>/`."""

from django.urls import URLPattern, path

from kafkalab.web.course import sitting_views

urlpatterns: list[URLPattern] = [
    path("<int:number>-<slug:name>/", sitting_views.lesson, name="lesson"),
]
