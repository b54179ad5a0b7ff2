"""What all facts have in common: a sentence."""

from typing import Any


class Event:
    """Something happened."""

    __slots__ = ()

    def sentence(self) -> str:
        """The fact in words, for the stage, the timeline and screen readers."""
        fields = {name: _in_words(getattr(self, name)) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]
        return " ".join((self.__doc__ or type(self).__name__).split()).format(**fields)


def _in_words(value: Any) -> str:
    """Broker lists as Kafka prints them, [1, 2]; other lists as a person would say them."""
    if not isinstance(value, tuple):
        return str(value)
    if value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return str(list(value)) if value else "nothing"
