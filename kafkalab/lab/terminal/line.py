"""A typed line, taken apart as a shell would: words and quotes, and the few ways to hand a tool its input.

Understood are `echo ... | tool`, `printf ... | tool`, `tool <<< text` and `<(echo ...)` in the place of a file.
Whatever else a shell can do is refused with one sentence: nothing here is run by a shell.
"""

import re
import shlex
from dataclasses import dataclass, field

FILE = "/dev/fd/"
"""What bash puts in the place of `<(...)`."""
_SPECIAL = "|&;<>()"


class NotUnderstood(Exception):
    """The line is no command; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Line:
    words: tuple[str, ...]
    """The tool and its arguments."""
    typed: tuple[str, ...] | None = None
    """What is handed to its standard input, line by line; None: it is typed later."""
    files: dict[str, str] = field(default_factory=dict)
    """The text of what stood in `<(...)`, by the name in its place."""
    comment: str = ""


def taken_apart(text: str) -> Line:
    """Raises NotUnderstood."""
    try:
        words = _words(text)
    except ValueError as wrong:
        raise NotUnderstood(_unclosed(str(wrong))) from None
    code, comment = _without_comment(words)
    files: dict[str, str] = {}
    code = _files(code, files)
    typed: tuple[str, ...] | None = None
    if "<<<" in code:
        at = code.index("<<<")
        if at + 1 >= len(code):
            raise NotUnderstood("After <<< the text is missing that is handed to the tool.")
        typed = tuple(_plain(code[at + 1]).split("\n"))
        code = code[:at] + code[at + 2 :]
    if "|" in code:
        at = code.index("|")
        if "|" in code[at + 1 :] or typed is not None:
            raise NotUnderstood("One pipe is understood here: echo 'key:value' | kafka-console-producer ...")
        typed = _printed(code[:at])
        code = code[at + 1 :]
    for word in code:
        if word and set(word) <= set(_SPECIAL):
            raise NotUnderstood(_not_here(word))
    return Line(tuple(_plain(word) for word in code), typed, files, comment)


_QUOTED = "\x00"
"""Before a word that stood in quotes, so that '|' is not taken for a pipe."""


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(_protected(text), posix=True, punctuation_chars=_SPECIAL)
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _protected(text: str) -> str:
    """`<pid of broker 1>` is a word to people, and `<(` must stay one word."""
    text = text.replace("\x00", "")
    text = re.sub(r"<(pid|the|no|size|device|all|log\.dirs)( [^<>]*)?>", lambda found: f'"{found[0]}"', text)
    return re.sub(r"""(?<![\w"'\\])'\|'|"\|\"""", f'"{_QUOTED}|"', text)


def _plain(word: str) -> str:
    return word.removeprefix(_QUOTED)


def _without_comment(words: list[str]) -> tuple[list[str], str]:
    for at, word in enumerate(words):
        if word.startswith("#"):
            return words[:at], " ".join([word[1:], *words[at + 1 :]]).strip()
    return words, ""


def _files(words: list[str], files: dict[str, str]) -> list[str]:
    """`<(echo text)` becomes a name, under which the text is found."""
    found: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word != "<(":
            found.append(word)
            continue
        if ")" not in rest:
            raise NotUnderstood("After <( the closing bracket is missing.")
        end = rest.index(")")
        name = f"{FILE}{63 - len(files)}"
        files[name] = "\n".join(_printed(rest[:end]))
        found.append(name)
        rest = rest[end + 1 :]
    return found


def _printed(words: list[str]) -> tuple[str, ...]:
    """The lines that echo or printf print."""
    match [_plain(word) for word in words]:
        case ["echo", "-e", *rest]:
            return tuple(_escaped(" ".join(rest)).split("\n"))
        case ["echo", *rest]:
            return (" ".join(rest),)
        case ["printf", text]:
            return tuple(_escaped(text).removesuffix("\n").split("\n"))
        case ["printf", pattern, *rest] if pattern.count("%s") == 1:
            return tuple("".join(_escaped(pattern).replace("%s", one) for one in rest).removesuffix("\n").split("\n"))
    raise NotUnderstood("Only echo and printf can stand before a pipe here, or in <( ).")


def _escaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")


def _unclosed(reason: str) -> str:
    if "quotation" in reason.lower():
        return "A quote is opened and not closed."
    return "The line ends in the middle of a word."


def _not_here(word: str) -> str:
    if ">" in word:
        return "Nothing can be written to files here: there is no shell behind this terminal."
    if "&" in word or ";" in word:
        return "One command at a time: there is no shell behind this terminal."
    if "<" in word:
        return "There are no files here: hand the text over with <<< 'text' or <(echo 'text')."
    return "Brackets mean something to a shell, and there is none here: put them in quotes."
