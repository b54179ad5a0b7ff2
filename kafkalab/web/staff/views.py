"""Instructors come in by a password, as often as it may be tried, and go out with every socket that they opened."""

from typing import Any

from django.contrib.auth import alogout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kafkalab.web.classroom import desks
from kafkalab.web.course.belonging import TOO_MANY, logins
from kafkalab.web.course.learner import address_of
from kafkalab.web.labs.consumers import GOING_AWAY, open_sockets
from kafkalab.web.labs.open_labs import HOME
from kafkalab.web.labs.owners import owner_in, owner_of


class InstructorForm(AuthenticationForm):
    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """An account that is no instructor's is refused in the words for a wrong password."""
        super().confirm_login_allowed(user)
        if not desks.is_instructor(user):
            raise self.get_invalid_login_error()


class ComeIn(LoginView):
    template_name = "classroom/login.html"
    authentication_form = InstructorForm
    http_method_names = ["get", "head", "post", "options"]

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if logins.lets_in(f"{address_of(request)} {request.POST.get('username', '')[:150]}"):
            answer: HttpResponse = super().post(request, *args, **options)
            return answer
        context = self.get_context_data(form=InstructorForm(request), refusal=_("Too many tries: wait a minute."))
        return self.render_to_response(context, status=TOO_MANY)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        refusal = _("No instructor has this name and this password.")
        return self.render_to_response(self.get_context_data(form=form, refusal=refusal), status=400)

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        known = {"home": HOME, "here": "rooms", "there_are": desks.there_are_instructors(), "user": self.request.user}
        context: dict[str, Any] = super().get_context_data(**known, **more)
        return context


come_in = ComeIn.as_view()


@require_POST
async def go_out(request: HttpRequest) -> HttpResponse:
    session = owner_of(request).session
    await alogout(request)
    # What is open at this browser comes through the gates again.
    for consumer in [each for each in open_sockets.values() if session and owner_in(each.scope).session == session]:
        await consumer.close(GOING_AWAY)
    response: HttpResponse = redirect("instructor")
    return response
