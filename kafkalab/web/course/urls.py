"""The paths of the course. The lessons themselves are played under `course/<number>-<name>/`."""

from django.urls import path

from kafkalab.web.course import belonging, pages, sitting_views, workbook_pages

urlpatterns = [
    path("<int:number>-<slug:name>/", sitting_views.lesson, name="lesson"),
    path("", pages.course_map, name="course-map"),
    path("concepts/", pages.concepts, name="concepts"),
    path("search/", pages.search, name="course-search"),
    path("cards/", pages.cards, name="cards"),
    path("found-out/", pages.rules, name="found-out"),
    path("sheets/<int:number>/", pages.sheet, name="sheet"),
    path("workbook/", workbook_pages.workbook, name="workbook"),
    path("workbook/keep/", workbook_pages.keep, name="workbook-keep"),
    path("workbook/export/", workbook_pages.export, name="workbook-export"),
    path("workbook/import/", workbook_pages.read_back, name="workbook-import"),
    path("workbook/<str:number>/", workbook_pages.question, name="workbook-question"),
    path("workbook/<str:number>/save/", workbook_pages.save, name="workbook-save"),
    path("workbook/<str:number>/attach/", workbook_pages.attach, name="workbook-attach"),
    path("workbook/<str:number>/detach/<str:mark>/", workbook_pages.detach, name="workbook-detach"),
    path("yours/", belonging.belonging, name="belonging"),
    path("yours/code/", belonging.code, name="carry-code"),
    path("yours/take/", belonging.take, name="carry-take"),
    path("yours/come-in/", belonging.come_in, name="come-in"),
    path("yours/go-out/", belonging.go_out, name="go-out"),
    path("yours/forget/", belonging.forget, name="forget"),
]
