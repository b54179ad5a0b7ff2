"""A lesson's Markdown as what the page's script draws: a tree of tags and texts, and never markup.

What is written as HTML in a lesson stays text.
"""

import re
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from kafkalab.lessons.sitting import Sitting
from kafkalab.lessons.sitting_shown import shown
from kafkalab.web.labs.snippets import Snippet, Way, snippets

TAGS = {
    "paragraph": "p",
    "strong": "strong",
    "em": "em",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
}
NO_PORTS = _("The labs of lessons have no ports for clients on this server.")
_PROGRAMS = re.compile(r"\{\{ programs ([\w.-]+) \}\}")
Drawn = dict[str, Any] | str
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def on_the_page(sitting: Sitting) -> dict[str, Any]:
    """As it is sent."""
    said = shown(sitting)
    section, challenge, saw, outcome = (
        said["section"],
        *(said["section"][it] for it in ("challenge", "saw", "outcome")),
    )
    servers = sitting.lab.bootstrap_servers if sitting.lab.listens else ""
    section["question"] = with_programs(section["question"], servers)
    section["explanation"] = with_programs(section["explanation"] or "", servers)
    for asked in (section["predict"], *([saw] if saw is not None else [])):
        asked["ask"] = line(asked["ask"])
        asked["choices"] = {name: line(text) for name, text in asked["choices"].items()}
    if outcome is not None and outcome["belief"] is not None:
        outcome["belief"] = line(outcome["belief"])
    for claim in section["claims"]:
        claim["says"] = line(claim["says"])
    if challenge is not None:
        challenge["variation"] = with_programs(challenge["variation"], servers)
        challenge["hints"] = [line(hint) for hint in challenge["hints"]]
    said["lesson"]["belief"] = line(said["lesson"]["belief"])
    return said


@lru_cache(256)
def with_programs(markdown: str, bootstrap_servers: str) -> list[Drawn]:
    """Where `{{ programs orders }}` stands, the programs by which one's own client comes to that topic."""
    return [each for part in drawn(markdown) for each in _programs(part, bootstrap_servers)]


def _programs(part: Drawn, bootstrap_servers: str) -> list[Drawn]:
    asked = _PROGRAMS.fullmatch(part["children"][0]) if isinstance(part, dict) and _is_text(part) else None
    if asked is None:
        return [part]
    if not bootstrap_servers:
        return [_tag("p", [str(NO_PORTS)])]
    return [_program(snippet) for snippet in snippets(Way(bootstrap_servers), asked[1], 0)]


def _is_text(part: dict[str, Any]) -> bool:
    return len(part["children"]) == 1 and isinstance(part["children"][0], str)


def _program(snippet: Snippet) -> Drawn:
    program = snippet.program
    lines = [("install", program.install), ("", snippet.code), ("run", program.run)]
    said: list[Drawn] = [_tag("summary", [program.title])]
    for name, text in lines:
        if text:
            said.append(_copied(f"lesson-{name}-{snippet.id}", text))
        if name == "install" and program.file:
            said.append(_tag("p", [program.file]))
    return _tag("details", said)


def _copied(id_: str, text: str) -> Drawn:
    code = {"tag": "code", "props": {"id": id_}, "children": [text]}
    copy = {"tag": "button", "props": {"type": "button", "class": "copy", "data-copy": f"#{id_}"}, "children": ["Copy"]}
    pre = {"tag": "pre", "props": {"tabindex": "0"}, "children": [code]}
    return {"tag": "div", "props": {"class": "snippet"}, "children": [pre, copy]}


@lru_cache(512)
def line(markdown: str) -> list[Drawn]:
    """Without paragraphs: a sentence within something else."""
    return [
        each
        for part in drawn(markdown)
        for each in (part["children"] if isinstance(part, dict) and part["tag"] == "p" else [part])
    ]


@lru_cache(256)
def drawn(markdown: str) -> list[Drawn]:
    return _children(SyntaxTreeNode(_MARKDOWN.parse(markdown)))


def _children(node: SyntaxTreeNode) -> list[Drawn]:
    return [each for child in node.children for each in _drawn(child)]


def _drawn(node: SyntaxTreeNode) -> list[Drawn]:
    if node.type in ("text", "html_block", "html_inline"):
        return [node.content] if node.content else []
    if node.type == "softbreak":
        return [" "]
    if node.type == "hardbreak":
        return [_tag("br", [])]
    if node.type == "code_inline":
        return [_tag("code", [node.content])]
    if node.type in ("fence", "code_block"):
        return [_tag("pre", [_tag("code", [node.content])])]
    children = _children(node)
    return [_tag(TAGS[node.type], children)] if node.type in TAGS else children


def _tag(tag: str, children: list[Drawn]) -> dict[str, Any]:
    return {"tag": tag, "props": {}, "children": children}
