"""The paths of the labs app."""

from django.urls import path, register_converter

from kafkalab.web.labs import (
    charts,
    comparing,
    inspecting,
    joining,
    learners,
    ledger,
    overheard,
    past,
    prometheus,
    real,
    rebalances,
    views,
    what_if,
)
from kafkalab.web.labs.lab_names import LabName

register_converter(LabName, "lab")

urlpatterns = [
    path("", views.front_door, name="front-door"),
    path("labs/", learners.own_labs, name="own-labs"),
    path("labs/new/", learners.new_lab, name="new-lab"),
    path("labs/<lab:name>/delete/", learners.delete_lab, name="delete-lab"),
    path("security/", learners.security, name="security"),
    path("kafkalab-ca.pem", learners.authority, name="authority"),
    path("labs/<lab:name>/", views.stage, name="stage"),
    path("labs/<lab:name>/records/", views.records, name="records"),
    path("labs/<lab:name>/record/", views.record, name="record"),
    path("labs/<lab:name>/ledger/", ledger.ledger, name="ledger"),
    path("labs/<lab:name>/what-if/", what_if.what_if, name="what-if"),
    path("labs/<lab:name>/line/", views.line, name="line"),
    path("labs/<slug:name>/compare/", comparing.compare, name="compare"),
    path("labs/<slug:name>/compare/differences/", comparing.compared, name="compared"),
    path("labs/<lab:name>/metrics", prometheus.of_lab, name="lab-metrics"),
    path("labs/<lab:name>/metrics/charts/", charts.charts, name="metric-charts"),
    path("labs/<lab:name>/clients/<int:client>/requests/", overheard.requests, name="client-requests"),
    path("metrics", prometheus.of_server, name="metrics"),
    path("labs/<lab:name>/why/", inspecting.why, name="why"),
    path("labs/<lab:name>/configs/", inspecting.configs, name="configs"),
    path("real/", real.real, name="real"),
    path("rebalances/", rebalances.rebalances, name="rebalances"),
    path("api/", views.api, name="api"),
    path("api/labs/<lab:name>/", views.snapshot, name="snapshot"),
    path("labs/<lab:name>/join.svg", joining.join_code, name="join-code"),
    path("api/labs/<lab:name>/timeline/", past.index, name="timeline"),
    path("api/labs/<lab:name>/moment/", past.moment, name="moment"),
    path("api/labs/<lab:name>/run/", past.run, name="run"),
    path("labs/<lab:name>/recording/", past.recording, name="recording"),
    path("labs/<lab:name>/tape/", past.tape, name="tape"),
    path("healthz", views.healthz, name="healthz"),
]
