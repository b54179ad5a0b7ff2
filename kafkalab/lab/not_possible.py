"""What a command is answered that makes no sense as things are."""


class NotPossible(Exception):
    """The command makes no sense as things are, with a reason for each field that is to blame."""

    def __init__(self, **reasons: str) -> None:
        super().__init__("; ".join(f"{name} {why}" for name, why in reasons.items()))
        self.fields = reasons
