"""Names in what a tool prints, marked with the thing on the stage that they are the name of.

A mark travels within the text, between characters that nobody can type: so a tool writes its lines as text,
and what is shown can be pointed at. `spans` takes a line apart again.
"""

import re

_BEGIN, _NAME, _END = "\x01", "\x02", "\x03"
_MARKED = re.compile(f"{_BEGIN}([^{_NAME}]*){_NAME}([^{_END}]*){_END}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Span = tuple[str, str | None]
"""(text, the id of an entity or None)"""


def marked(text: object, entity: str) -> str:
    return f"{_BEGIN}{entity}{_NAME}{text}{_END}"


def topic(name: str, text: str | None = None) -> str:
    return marked(name if text is None else text, f"topic:{name}")


def partition(name: str, number: int, text: str | None = None) -> str:
    return marked(number if text is None else text, f"partition:{name}:{number}")


def broker(number: int, text: str | None = None) -> str:
    """Nothing is marked where it is no broker: -1 says that there is none."""
    shown = str(number) if text is None else text
    return shown if number < 0 else marked(shown, f"broker:{number}")


def brokers(numbers: tuple[int, ...], between: str = ",") -> str:
    return between.join(broker(number) for number in numbers)


def controller(number: int) -> str:
    return str(number) if number < 0 else marked(number, f"controller:{number}")


def group(name: str, text: str | None = None) -> str:
    return marked(name if text is None else text, f"group:{name}")


def client(name: str, text: str | None = None) -> str:
    """A client of the lab goes by its client id on the stage."""
    return marked(name if text is None else text, f"consumer:{name}")


def harmless(text: str) -> str:
    """What somebody else wrote, without characters that would mark something or move the cursor."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(line: str) -> str:
    return _MARKED.sub(lambda found: found[2], line)


def padded(line: str, width: int) -> str:
    """To so many characters, as they are seen."""
    return line + " " * (width - len(plain(line)))


def spans(line: str) -> list[Span]:
    found: list[Span] = []
    at = 0
    for mark in _MARKED.finditer(line):
        if mark.start() > at:
            found.append((line[at : mark.start()], None))
        found.append((mark[2], mark[1]))
        at = mark.end()
    if at < len(line):
        found.append((line[at:], None))
    return found
