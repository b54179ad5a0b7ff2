"""The paths of the archive app."""

from django.urls import path, register_converter

from kafkalab.web.archive import costs, views
from kafkalab.web.labs.lab_names import LabName

register_converter(LabName, "archived-lab")

urlpatterns = [
    path("labs/<archived-lab:name>/archive/", views.archive, name="archive"),
    path("labs/<archived-lab:name>/archive/now/", views.now, name="archive-now"),
    path("labs/<archived-lab:name>/archive/order/", views.order, name="archive-order"),
    path("labs/<archived-lab:name>/archive/verify/", views.verify, name="archive-verify"),
    path("archive/costs/", costs.costs, name="costs"),
]
