"""How a room is called in an address: by its code, in whatever letters somebody has typed it."""


class RoomCode:
    regex = r"[0-9A-Za-z]{6}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value
