"""Learners at their browsers: each has a lab of its own on one server, and reads on its page how to get in."""

import html
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field


@dataclass
class Browser:
    """One that keeps its cookies."""

    url: str
    """Of the server."""
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> tuple[int, str]:
        try:
            with self._opener.open(self.url + path, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def post(self, path: str, token: str, **fields: str) -> tuple[int, str, str]:
        """(status, the address in the end, page)."""
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        try:
            with self._opener.open(self.url + path, body, timeout=60) as answer:
                return answer.status, answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.geturl(), error.read().decode()

    def token(self, path: str = "labs/") -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)[1])
        assert found
        return found[1]

    @property
    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)


@dataclass
class Learner:
    browser: Browser
    lab: str
    user: str
    password: str

    @staticmethod
    def arrive(url: str) -> "Learner":
        """Make a lab, and read its page."""
        browser = Browser(url)
        status, where, page = browser.post("labs/new/", browser.token())
        return Learner._at(browser, status, where.rstrip("/").rpartition("/")[2], page)

    @staticmethod
    def join(url: str, code: str, name: str) -> "Learner":
        """Take a seat in that room, and read its page."""
        browser = Browser(url)
        status, _where, page = browser.post(f"join/{code}/", browser.token(f"join/{code}/"), name=name)
        found = re.search(r'data-socket="/ws/labs/([^/]+)/"', page)
        return Learner._at(browser, status, found[1] if found else "", page)

    @staticmethod
    def _at(browser: Browser, status: int, lab: str, page: str) -> "Learner":
        assert status == 200, page
        said = {name: html.unescape(value) for name, value in re.findall(r'<code id="(\w+)-1">([^<]*)</code>', page)}
        return Learner(browser, lab, said["user"], said["password"])
