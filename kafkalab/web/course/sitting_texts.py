"""A lesson's Markdown as what the page's script draws: a tree of tags and texts, and never markup.

What is written as HTML in a lesson stays text.
"""

from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from kafkalab.lessons.sitting import Sitting
from kafkalab.lessons.sitting_shown import shown

TAGS = {
    "paragraph": "p",
    "strong": "strong",
    "em": "em",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
}
Drawn = dict[str, Any] | str
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def on_the_page(sitting: Sitting) -> dict[str, Any]:
    """As it is sent."""
    said = shown(sitting)
    section, challenge, saw, outcome = (
        said["section"],
        *(said["section"][it] for it in ("challenge", "saw", "outcome")),
    )
    section["question"] = drawn(section["question"])
    section["explanation"] = drawn(section["explanation"] or "")
    for asked in (section["predict"], *([saw] if saw is not None else [])):
        asked["ask"] = line(asked["ask"])
        asked["choices"] = {name: line(text) for name, text in asked["choices"].items()}
    if outcome is not None and outcome["belief"] is not None:
        outcome["belief"] = line(outcome["belief"])
    for claim in section["claims"]:
        claim["says"] = line(claim["says"])
    if challenge is not None:
        challenge["variation"] = drawn(challenge["variation"])
        challenge["hints"] = [line(hint) for hint in challenge["hints"]]
    said["lesson"]["belief"] = line(said["lesson"]["belief"])
    return said


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
