"""What a learner types as an answer, and how an answer is shown: numbers, names of choices, lists."""

import re

from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.lesson import PLACES

MOST_THINGS = 40
NONE = ("none", "keine")
"""That none of them is it, is an answer too, and for some beliefs the one that follows from them."""
_PLACE = re.compile(rf"({'|'.join(PLACES)}):.{{1,250}}")


class AnswerRefused(Exception):
    """That is no answer to a question of this kind; the message is one sentence."""


def answer_from(said: str, kind: str, choices: dict[str, str]) -> Answer:
    """Raises AnswerRefused."""
    text = said.strip()
    if not text:
        raise AnswerRefused("Say something first.")
    if kind == "number":
        return _number(text)
    if kind == "choice":
        if text not in choices:
            raise AnswerRefused("Choose one of the answers.")
        return text
    if kind == "place":
        if not _PLACE.fullmatch(text):
            raise AnswerRefused("Choose it on the stage first.")
        return text
    if text.casefold() in NONE:
        return []
    things: list[Answer] = [each.strip() for each in text.replace(";", ",").split(",") if each.strip()]
    if not things or len(things) > MOST_THINGS:
        raise AnswerRefused(f"Say 1 to {MOST_THINGS} things, with commas between them.")
    return things


def _number(text: str) -> Answer:
    try:
        value = float(text)
    except ValueError:
        raise AnswerRefused("Say a number, in digits.") from None
    if not abs(value) < 1e15:
        raise AnswerRefused("Say a number that is not so large.")
    return int(value) if value.is_integer() else value


def in_words(answer: Answer, choices: dict[str, str]) -> str:
    """For people: of a choice its text."""
    if isinstance(answer, list):
        return ", ".join(in_words(each, choices) for each in answer) or "none"
    if isinstance(answer, float):
        return f"{answer:g}"
    text = str(answer)
    return choices.get(text) or place_in_words(text) or text


def place_in_words(text: str) -> str:
    """Of an entity's id; "" for what is none."""
    if not _PLACE.fullmatch(text):
        return ""
    kind, *names = text.split(":")
    if kind == "partition":
        return f"partition {'-'.join(names)}"
    if kind == "replica":
        return f"replica of {'-'.join(names[:-1])} on broker {names[-1]}"
    return f"{kind} {':'.join(names)}"
