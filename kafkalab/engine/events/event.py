"""What all facts have in common: a sentence."""


class Event:
    """Something happened."""

    __slots__ = ()

    def sentence(self) -> str:
        """The fact in words, for the stage, the timeline and screen readers."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]
        return " ".join((self.__doc__ or type(self).__name__).split()).format(**fields)
