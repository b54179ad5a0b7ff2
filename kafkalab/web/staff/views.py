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

from kafkalab.web.course.belonging import TOO_MANY, logins
from kafkalab.web.course.learner import address_of
from kafkalab.web.labs.consumers import close_those_of_session
from kafkalab.web.labs.instructing import session_in
from kafkalab.web.labs.open_labs import HOME


class InstructorForm(AuthenticationForm):
    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """An account that is no instructor's is refused in the words for a wrong password."""
        super().confirm_login_allowed(user)
        if not getattr(user, "is_staff", False):
            raise self.get_invalid_login_error()


class ComeIn(LoginView):
    template_name = "staff/instructor.html"
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
        context: dict[str, Any] = super().get_context_data(home=HOME, here="instructor", **more)
        return context


come_in = ComeIn.as_view()


@require_POST
async def go_out(request: HttpRequest) -> HttpResponse:
    session = session_in(request.COOKIES)
    await alogout(request)
    await close_those_of_session(session)
    response: HttpResponse = redirect("instructor")
    return response
