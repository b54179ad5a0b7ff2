"""Two languages, whole: every sentence of the course's pages is translated, and what is served is what is written."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "kafkalab" / "web" / "locale"
LANGUAGES = ("de", "en")
PLACES = re.compile(r"%\(\w+\)s|%s|%%|\{\w+\}")


def written(language: str) -> dict[str, list[str]]:
    """The .po file: each message with its translation, or with one for each number."""
    text = (LOCALE / language / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for block in text.split("\n\n")[1:]:
        said: dict[str, str] = {}
        name = ""
        for line in block.split("\n"):
            quoted = line
            if line.startswith("msg"):
                name, _, quoted = line.partition(" ")
            if quoted.startswith('"'):
                said[name] = said.get(name, "") + str(ast.literal_eval(quoted))
        found[said["msgid"]] = [text for name, text in said.items() if name.startswith("msgstr")]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_with_its_places_kept(language: str) -> None:
    messages = written(language)
    assert len(messages) > 200
    assert [message for message, texts in messages.items() if not all(texts)] == []
    differing = [
        message
        for message, texts in messages.items()
        if any(sorted(PLACES.findall(text)) != sorted(PLACES.findall(message)) for text in texts)
    ]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_served_is_what_is_written(language: str) -> None:
    """No machine needs gettext's tools: the compiled file lies beside the other."""
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        served = gettext.GNUTranslations(file)
    messages = written(language)
    one = {message: served.gettext(message) for message, texts in messages.items() if len(texts) == 1}
    assert one == {message: texts[0] for message, texts in messages.items() if len(texts) == 1}
    many = {message: [served.ngettext(message, "?", n) for n in (1, 2)] for message in messages if message not in one}
    assert many == {message: texts for message, texts in messages.items() if message not in one}


def marked_in_template(text: str) -> list[str]:
    found = [one or other for one, other in re.findall(r"{% translate (?:\"(.*?)\"|'(.*?)') %}", text)]
    for block in re.findall(r"{% blocktranslate[^%]*?%}(.*?){% endblocktranslate %}", text, re.DOTALL):
        one = block.partition("{% plural %}")[0].replace("%", "%%")
        found.append(re.sub(r"{{ (\w+) }}", r"%(\1)s", one))
    return found


def marked_in_code(text: str) -> list[str]:
    return [
        str(each.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "gettext", "gettext_lazy")
        for each in node.args
        if isinstance(each, ast.Constant)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_is_to_be_translated_is_in_the_file(language: str) -> None:
    templates, modules = (ROOT / "templates").rglob("*.html"), (ROOT / "kafkalab" / "web").rglob("*.py")
    marked = [each for path in templates for each in marked_in_template(path.read_text(encoding="utf-8"))]
    marked += [each for path in modules for each in marked_in_code(path.read_text(encoding="utf-8"))]
    messages = written(language)
    assert [each for each in marked if each not in messages and each.replace("%%", "%") not in messages] == []
    assert set(marked) >= {"Workbook", "%(finished)s of %(all)s lessons finished", "Choose a file first."}


@pytest.mark.django_db
def test_the_course_is_in_german_for_who_asks_for_it_and_for_whose_browser_does() -> None:
    browser = Client()
    browser.post("/i18n/setlang/", {"language": "de", "next": "/course/"})
    for path, word in (("", "Wie Kafka funktioniert"), ("workbook/Q9/", "Deine Antwort"), ("yours/", "Code zeigen")):
        page = browser.get(f"/course/{path}").content.decode()
        assert '<html lang="de"' in page
        assert word in page
    page = Client().get("/course/", headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()
    assert "Wie Kafka funktioniert" in page
    page = Client().get("/course/", headers={"Accept-Language": "fr"}).content.decode()
    assert "How Kafka works" in page
