"""Regular expressions that come from outside: RE2's, as in Kafka, in time that grows with the text and no faster.

A machine that goes back and tries again, as Python's does, can be kept busy for years by thirty letters and a
pattern made for it; meanwhile nobody else of the lab would be served.
"""

from functools import lru_cache

import re2

MEMORY_BYTES = 1 << 20
"""A larger compiled expression is refused: {1000}{1000} must not take the host's memory."""

_IN_KAFKAS_WORDS = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid character class range": "invalid character class range",
    "invalid escape sequence": "invalid escape sequence",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "unexpected )": "regexp/syntax: internal error",
}
"""What RE2 says, and RE2/J of the same."""


class BadPattern(Exception):
    """With what is wrong with it, in the words of RE2/J."""


@lru_cache(maxsize=256)
def _compiled(regex: str):  # type: ignore[no-untyped-def]  # re2 comes without types
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY_BYTES
    return re2.compile(regex, options)


def check(regex: str) -> None:
    """Raises BadPattern if it is none."""
    try:
        _compiled(regex)
    except re2.error as error:
        told = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise BadPattern(
            next((theirs for ours, theirs in _IN_KAFKAS_WORDS.items() if told.startswith(ours)), told)
        ) from error


def matches(regex: str, text: str) -> bool:
    """Whether it is all of the text."""
    return _compiled(regex).fullmatch(text) is not None
