"""The guides are pages, and what they tell to type or to open is there."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.test import Client
from django.urls import Resolver404, resolve

GUIDES = ("instructor", "operator")
DIRECTORY = Path(__file__).parents[2] / "fixtures" / "guides"


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_is_a_page(name: str) -> None:
    page = Client().get(f"/guides/{name}/").content.decode()
    assert "<h2>" in page
    assert "<table>" in page
    assert 'aria-current="page"' in page


def test_there_is_no_guide_for_others() -> None:
    assert Client().get("/guides/secret-key/").status_code == 404


@pytest.mark.parametrize("name", GUIDES)
def test_every_page_that_a_guide_leads_to_is_there(name: str) -> None:
    missing = []
    for address in re.findall(r"\]\((/[^)]*)\)", (DIRECTORY / f"{name}.md").read_text()):
        try:
            resolve(address)
        except Resolver404:
            missing.append(address)
    assert missing == []


@pytest.mark.parametrize("name", GUIDES)
def test_every_option_that_a_guide_names_is_one_of_the_commands(name: str) -> None:
    commands = ("lab", "instructor", "replay", "check")
    known = {"--learners", "--seconds", "--drill", "--backup"}
    for command in commands:
        parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
        known |= set(parser._option_string_actions)
    assert sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (DIRECTORY / f"{name}.md").read_text())) - known) == []
