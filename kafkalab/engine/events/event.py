"""What all facts have in common: a sentence."""

from typing import Any


class Event:
    """Something happened."""

    __slots__ = ()

    def sentence(self) -> str:
        """The fact in words, for the stage, the timeline and screen readers."""
        fields = {name: _in_words(getattr(self, name)) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]
        return " ".join((self.__doc__ or type(self).__name__).split()).format(**fields)


class Number(int):
    """In a sentence `{count:record}` is "1 record" or "2 records", `{count:record is|records are}` says both forms."""

    def __format__(self, forms: str) -> str:
        one, _, many = forms.partition("|")
        many = many or f"{one}s"
        return f"{int(self)} {one if self == 1 else many}" if forms else str(int(self))


def _in_words(value: Any) -> "str | Number":
    """Broker lists as Kafka prints them, [1, 2]; other lists as a person would say them."""
    if type(value) is int:
        return Number(value)
    if not isinstance(value, tuple):
        return str(value)
    if value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return str(list(value)) if value else "nothing"
