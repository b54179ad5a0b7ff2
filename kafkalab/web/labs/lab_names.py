"""How a lab is called in an address: `home`, or `home~what-if` for one of its branches."""


class LabName:
    regex = r"[-a-zA-Z0-9_]+(?:~[a-z0-9][a-z0-9-]*)?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
