"""The paths of the labs app."""

from django.urls import path

from kafkalab.web.labs import learners, ledger, real, rebalances, views

urlpatterns = [
    path("", views.front_door, name="front-door"),
    path("labs/", learners.own_labs, name="own-labs"),
    path("labs/new/", learners.new_lab, name="new-lab"),
    path("labs/<slug:name>/delete/", learners.delete_lab, name="delete-lab"),
    path("security/", learners.security, name="security"),
    path("kafkalab-ca.pem", learners.authority, name="authority"),
    path("labs/<slug:name>/", views.stage, name="stage"),
    path("labs/<slug:name>/records/", views.records, name="records"),
    path("labs/<slug:name>/record/", views.record, name="record"),
    path("labs/<slug:name>/ledger/", ledger.ledger, name="ledger"),
    path("labs/<slug:name>/line/", views.line, name="line"),
    path("real/", real.real, name="real"),
    path("rebalances/", rebalances.rebalances, name="rebalances"),
    path("api/", views.api, name="api"),
    path("api/labs/<slug:name>/", views.snapshot, name="snapshot"),
    path("healthz", views.healthz, name="healthz"),
]
