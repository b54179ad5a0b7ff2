"""How many labs may be made in a minute, on a network: each takes a while of the processor that all share."""

from django.http import HttpRequest

from kafkalab.web.course.learner import address_of
from kafkalab.web.course.turnstile import Turnstile
from kafkalab.web.labs.open_labs import open_labs

made = Turnstile(each=120, in_all=240)
"""A class of sixty behind one address opens a lesson, and then another."""
TOO_MANY = 429


def may_make_a_lab(request: HttpRequest) -> bool:
    return not open_labs.on_a_network or made.lets_in(address_of(request))
