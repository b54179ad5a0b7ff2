"""Whose progress it is: carried by a code, attached to an account until somebody logs out, or forgotten."""

from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from kafkalab.web.course import carrying
from kafkalab.web.course.bookshelf import NotKept
from kafkalab.web.course.learner import address_of, learner_of
from kafkalab.web.course.models import Answer, Attached, CarryCode, Deed, Evidence
from kafkalab.web.course.shelves import shelf_of_account
from kafkalab.web.course.turnstile import Turnstile
from kafkalab.web.drills.models import Kept

TOO_MANY = 429
logins = Turnstile(each=10, in_all=100)


@require_safe
@never_cache
def belonging(request: HttpRequest) -> HttpResponse:
    return _shown(request)


def _shown(request: HttpRequest, refusal: str = "", status: int = 200, **more: object) -> HttpResponse:
    learner = learner_of(request)
    context = {
        "here": "belonging",
        "deeds": Deed.objects.filter(learner=learner.shelf).count(),
        "answers": Answer.objects.filter(learner=learner.shelf).exclude(text="").count(),
        "pieces": Evidence.objects.filter(learner=learner.shelf).count(),
        "minutes": int(carrying.LIVES.total_seconds() // 60),
        "account": _account(learner.key),
        "refusal": refusal,
        **more,
    }
    return learner.remembered(request, render(request, "course/belonging.html", context, status=status))


def _account(key: str) -> str:
    attached = Attached.objects.filter(learner=key).select_related("user").first()
    return str(attached.user.get_username()) if attached is not None else ""


@require_POST
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """A code to be typed into another browser. It is shown this once."""
    learner = learner_of(request)
    if learner.is_new:
        return _shown(request, _("There is nothing to carry yet."), 409)
    if not carrying.tries.lets_in(address_of(request)):
        return _shown(request, _("Too many tries: wait a minute."), TOO_MANY)
    return _shown(request, code=carrying.new_code(learner.shelf))


@require_POST
@sensitive_post_parameters("code")
def take(request: HttpRequest) -> HttpResponse:
    learner = learner_of(request)
    if not carrying.tries.lets_in(address_of(request)):
        return _shown(request, _("Too many tries: wait a minute."), TOO_MANY)
    try:
        carrying.take(request.POST.get("code", ""), learner.shelf)
    except carrying.CodeRefused:
        return _shown(request, _("This code is wrong, has been used, or is too old."), 400)
    except NotKept as refused:
        return _shown(request, str(refused), 409)
    return learner.remembered(request, redirect("course-map"))


@require_POST
@sensitive_post_parameters("password")
def come_in(request: HttpRequest) -> HttpResponse:
    """What this browser did so far goes to the account, and from now on it writes there."""
    if not logins.lets_in(f"{address_of(request)} {request.POST.get('username', '')[:150]}"):
        return _shown(request, _("Too many tries: wait a minute."), TOO_MANY)
    form = AuthenticationForm(request, request.POST)
    if not form.is_valid():
        return _shown(request, _("No account has this name and this password."), 400)
    user = form.get_user()
    learner = learner_of(request)
    account = shelf_of_account(user.pk)
    try:
        with transaction.atomic():
            if learner.shelf == learner.key:
                carrying.carry(learner.key, account)
                forget_shelf(learner.key)
            Attached.objects.update_or_create(learner=learner.key, defaults={"user": user})
    except NotKept as refused:
        return _shown(request, str(refused), 409)
    login(request, user)
    return learner.remembered(request, redirect("course-map"))


@require_POST
def go_out(request: HttpRequest) -> HttpResponse:
    """The browser has its own shelf again, which is empty."""
    Attached.objects.filter(learner=learner_of(request).key).delete()
    logout(request)
    response: HttpResponse = redirect("belonging")
    return response


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    learner = learner_of(request)
    with transaction.atomic():
        forget_shelf(learner.shelf)
        Kept.objects.filter(owner=str(learner.key)).delete()
    response: HttpResponse = redirect("belonging")
    return response


def forget_shelf(shelf: str) -> None:
    for model in (Deed, Answer, Evidence, CarryCode):
        model.objects.filter(learner=shelf).delete()
