"""The paths of the course. The lessons themselves are played under `course/<number>-<name>/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
