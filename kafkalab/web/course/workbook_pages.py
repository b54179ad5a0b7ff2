"""The workbook's pages: questions, answers that are saved while they are written, evidence, and the one file."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.lessons import Entry, Question, WorkbookRefused, copied, exported, imported
from kafkalab.lessons.workbook_zip import MOST_BYTES, packed, unpacked
from kafkalab.web.course import bookshelf
from kafkalab.web.course.bookshelf import NotKept, book_of
from kafkalab.web.course.catalogue import Catalogue, catalogue, lesson_href
from kafkalab.web.course.learner import learner_of
from kafkalab.web.course.models import Answer, Evidence
from kafkalab.web.course.predictions import prediction_text, predictions_for
from kafkalab.web.course.progress import deeds_of

LARGE = 2 * 1024 * 1024
"""Above so many characters the pictures go beside the text, into a zip."""


@require_safe
@never_cache
def workbook(request: HttpRequest) -> HttpResponse:
    learner = learner_of(request)
    return learner.remembered(request, _index(request, learner.shelf))


def _index(request: HttpRequest, shelf: str, refusal: str = "", status: int = 200) -> HttpResponse:
    known = catalogue()
    book = book_of(shelf)
    rows = [(each, book.get(each.number, Entry()), known.helping(each.number)) for each in known.questions]
    loose = Evidence.objects.filter(learner=shelf, question=bookshelf.TRAY).count()
    context = {"here": "workbook", "rows": rows, "loose": loose, "refusal": refusal}
    return render(request, "course/workbook.html", context, status=status)


@require_safe
@never_cache
def question(request: HttpRequest, number: str) -> HttpResponse:
    learner = learner_of(request)
    return learner.remembered(request, _question(request, learner.key, learner.shelf, number))


def _question(
    request: HttpRequest, key: str, shelf: str, number: str, refusal: str = "", status: int = 200
) -> HttpResponse:
    known = catalogue()
    asked = _asked(known, number)
    mine = Evidence.objects.filter(learner=shelf)
    numbers = [each.number for each in known.questions]
    at = numbers.index(number)
    context = {
        "here": "workbook",
        "question": asked,
        "helping": [(lesson, lesson_href(lesson)) for lesson in known.helping(number)],
        "evidence": mine.filter(question=number),
        "tray": mine.filter(question=bookshelf.TRAY),
        "predictions": predictions_for(known.helping(number), deeds_of(key)),
        "before": numbers[at - 1] if at else None,
        "after": numbers[at + 1] if at + 1 < len(numbers) else None,
        "refusal": refusal,
        **_of_text(known, Answer.objects.filter(learner=shelf, question=number).first()),
    }
    return render(request, "course/question.html", context, status=status)


def _of_text(known: Catalogue, answer: Answer | None) -> dict[str, Any]:
    text = answer.text if answer is not None else ""
    return {"text": text, "saved": answer, "copied": copied(text, known.runs)}


@require_POST
def save(request: HttpRequest, number: str) -> HttpResponse:
    """Again and again while somebody writes; what is answered then is only what changed around the text."""
    known = catalogue()
    _asked(known, number)
    learner = learner_of(request)
    try:
        bookshelf.write(learner.shelf, number, request.POST.get("text", ""))
    except NotKept as refused:
        return HttpResponse(str(refused), status=507, content_type="text/plain; charset=utf-8")
    if request.headers.get("HX-Request") != "true":
        return learner.remembered(request, redirect("workbook-question", number))
    answer = Answer.objects.get(learner=learner.shelf, question=number)
    return learner.remembered(request, render(request, "course/_saved.html", _of_text(known, answer)))


@require_POST
def attach(request: HttpRequest, number: str) -> HttpResponse:
    """What was kept on the stage, a prediction, a picture that is a file, or a command with what it printed."""
    known = catalogue()
    _asked(known, number)
    learner = learner_of(request)
    said = request.POST
    try:
        if "mark" in said:
            Evidence.objects.filter(learner=learner.shelf, mark=said["mark"]).update(question=number)
        elif "prediction" in said:
            title, content = prediction_text(known.helping(number), deeds_of(learner.key), said["prediction"])
            bookshelf.attach(learner.shelf, number, "prediction", title, content)
        else:
            _attach_new(learner.shelf, number, request)
    except NotKept as refused:
        return learner.remembered(request, _question(request, learner.key, learner.shelf, number, str(refused), 400))
    return learner.remembered(request, redirect("workbook-question", number))


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """From the stage: a picture or a command, without an answer that it belongs to yet."""
    learner = learner_of(request)
    try:
        _attach_new(learner.shelf, bookshelf.TRAY, request)
    except NotKept as refused:
        return learner.remembered(request, HttpResponse(str(refused), status=400, content_type="text/plain"))
    said = _("Kept. It waits in the workbook to be attached to an answer.")
    return learner.remembered(request, HttpResponse(said, content_type="text/plain; charset=utf-8"))


def _attach_new(shelf: str, number: str, request: HttpRequest) -> None:
    file = request.FILES.get("picture")
    if file is not None:
        title = request.POST.get("title") or bookshelf.file_title(file.name or "")
        bookshelf.attach(shelf, number, "picture", title, bookshelf.picture(_read(file, bookshelf.LARGEST_PICTURE)))
        return
    command = request.POST.get("command", "").strip()
    if not command:
        raise NotKept(_("Say which command it was, or choose a picture."))
    content = f"$ {command}\n{request.POST.get('output', '')}".rstrip()
    bookshelf.attach(shelf, number, "command", command, content)


def _read(file: UploadedFile, most: int) -> bytes:
    if file.size is None or file.size > most:
        raise NotKept(_("The file is too large: %(most)s KiB at most.") % {"most": most // 1024})
    content: bytes = file.read()
    return content


@require_POST
def detach(request: HttpRequest, number: str, mark: str) -> HttpResponse:
    Evidence.objects.filter(learner=learner_of(request).shelf, question__in=(number, ""), mark=mark).delete()
    response: HttpResponse = redirect("workbook-question", number)
    return response


@require_safe
@never_cache
def export(request: HttpRequest) -> HttpResponse:
    """One Markdown file, its pictures inside as data; a zip where they are much."""
    text = exported(catalogue().questions, book_of(learner_of(request).shelf))
    if len(text) > LARGE:
        return _file(packed(text), "application/zip", "workbook.zip")
    return _file(text.encode(), "text/markdown; charset=utf-8", "workbook.md")


def _file(content: bytes, kind: str, called: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{called}"'})


@require_POST
def read_back(request: HttpRequest) -> HttpResponse:
    """A file that was exported. What is answered otherwise by now is kept under what the file says."""
    learner = learner_of(request)
    try:
        bookshelf.join(learner.shelf, imported(_handed_in(request)))
    except (NotKept, WorkbookRefused) as refused:
        return learner.remembered(request, _index(request, learner.shelf, str(refused), 400))
    return learner.remembered(request, redirect("workbook"))


def _handed_in(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise NotKept(_("Choose a file first."))
    content = _read(file, MOST_BYTES)
    if content.startswith(b"PK\x03\x04"):
        return unpacked(content)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotKept(_("This is no text in UTF-8.")) from None


def _asked(known: Catalogue, number: str) -> Question:
    found = next((each for each in known.questions if each.number == number), None)
    if found is None:
        raise Http404(f"There is no question {number}.")
    return found
