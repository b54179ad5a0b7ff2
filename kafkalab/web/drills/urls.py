"""The paths of the drills."""

from django.urls import path

from kafkalab.web.drills import views

urlpatterns = [
    path("", views.all_drills, name="drills"),
    path("<int:number>/", views.drill, name="drill-by-number"),
    path("<int:number>-<slug:name>/", views.drill, name="drill"),
    path("of/<slug:name>/post-mortem.md", views.left_over, {"kind": "md"}, name="post-mortem"),
    path("of/<slug:name>/timeline.csv", views.left_over, {"kind": "csv"}, name="incident-csv"),
    path("of/<slug:name>/incident.json", views.left_over, {"kind": "json"}, name="incident-json"),
]
