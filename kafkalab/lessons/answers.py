"""What a learner types as an answer, and how an answer is shown: numbers, names of choices, lists."""

from kafkalab.lessons.expressions import Answer

MOST_THINGS = 40


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
    return choices.get(str(answer), str(answer))
