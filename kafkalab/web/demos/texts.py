"""A demo's cue card as the page's script draws it: of Markdown a tree of tags and texts, and never markup."""

from typing import Any

from kafkalab.web.course.sitting_texts import drawn, line


def on_the_page(said: dict[str, Any]) -> dict[str, Any]:
    """What a showing says of itself, as it is sent."""
    card = said["card"]
    return said | {
        "card": card
        | {
            "say": drawn(_paragraphs(card["say"])),
            "ask": drawn(_paragraphs(card["ask"])),
            "proofs": [one | {"says": line(one["says"])} for one in card["proofs"]],
            "proven": [one | {"says": line(one["says"])} for one in card["proven"]],
        }
    }


def _paragraphs(text: str) -> str:
    """YAML folds the lines of a paragraph into one: each line that is left is a paragraph."""
    return "\n\n".join(line for line in text.split("\n") if line.strip())
