"""Browsers that keep their cookies, as learners use them."""

import base64

from django.test import Client

from kafkalab.web.course.progress import note
from kafkalab.web.labs.owners import COOKIE, SALT

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def known_browser(key: str) -> Client:
    """One that has that key already."""
    from django.core.signing import get_cookie_signer

    browser = Client()
    browser.cookies[COOKIE] = get_cookie_signer(salt=SALT).sign(key)
    return browser


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.content.decode())


def play_lesson_7(learner: str) -> None:
    """Sure of it, and wrong."""
    lesson, section = "what-acks-all-waits-for", "one-gone"
    note(learner, lesson, "", "opened", {})
    said = {"said": "error", "confidence": 90, "because": "all must have it"}
    note(learner, lesson, section, "predicted", said)
    ran = {"said": "error", "confidence": 90, "answer": "acked", "right": False, "belief": "all replicas"}
    note(learner, lesson, section, "ran", ran)
