"""The paths of demos: the list, the stage of one, and what was recorded there."""

from django.urls import path

from kafkalab.web.demos import views

urlpatterns = [
    path("", views.demos, name="demos"),
    path("<int:lesson>-<slug:name>/", views.demo, name="demo"),
    path("<int:lesson>-<slug:name>/recorded.yaml", views.recorded, name="demo-recorded"),
]
