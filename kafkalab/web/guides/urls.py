"""The paths of the guides."""

from django.urls import path

from kafkalab.web.guides import views

urlpatterns = [path("<slug:name>/", views.guide, name="guide")]
