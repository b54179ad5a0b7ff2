"""The paths of the labs app."""

from django.urls import path

from kafkalab.web.labs import inspecting, joining, learners, past, real, rebalances, views

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
    path("labs/<slug:name>/join.svg", joining.join_code, name="join-code"),
    path("labs/<slug:name>/line/", views.line, name="line"),
    path("labs/<slug:name>/why/", inspecting.why, name="why"),
    path("labs/<slug:name>/configs/", inspecting.configs, name="configs"),
    path("real/", real.real, name="real"),
    path("rebalances/", rebalances.rebalances, name="rebalances"),
    path("api/", views.api, name="api"),
    path("api/labs/<slug:name>/", views.snapshot, name="snapshot"),
    path("api/labs/<slug:name>/timeline/", past.index, name="timeline"),
    path("api/labs/<slug:name>/moment/", past.moment, name="moment"),
    path("api/labs/<slug:name>/run/", past.run, name="run"),
    path("labs/<slug:name>/recording/", past.recording, name="recording"),
    path("labs/<slug:name>/tape/", past.tape, name="tape"),
    path("healthz", views.healthz, name="healthz"),
]
