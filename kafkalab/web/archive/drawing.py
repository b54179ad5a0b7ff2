"""The picture of a partition on its way into the store: objects, what the sink holds, what it has not read yet."""

from dataclasses import dataclass
from typing import Any

LEFT, RIGHT = 8.0, 992.0
"""In a drawing that is 1,000 wide."""
LETTER = 7.0
"""About how wide one is."""
MARKS = {"size": "S", "time": "T", "end": "E", "": "?"}


@dataclass(frozen=True, slots=True)
class Block:
    kind: str
    """object, held or unread"""
    x: float
    w: float
    says: str
    label: str

    @property
    def label_x(self) -> float:
        return self.x + self.w / 2


@dataclass(frozen=True, slots=True)
class Drawing:
    partition: int
    blocks: tuple[Block, ...]
    first: int
    end: int
    says: str
    held_size: int
    most_size: int
    held_s: int
    most_s: int


def drawn(partition: dict[str, Any], objects: list[dict[str, Any]], log_end: int, archive: dict[str, Any]) -> Drawing:
    """From the first object that is shown to the end of the log."""
    first = objects[0]["first"] if objects else partition["next"]
    stored, held = partition["next"], partition["next"] + partition["held"]
    end = max(log_end, held, first + 1)

    def block(kind: str, begin: int, until: int, says: str, label: str) -> Block:
        scale = (RIGHT - LEFT) / (end - first)
        x, w = LEFT + (begin - first) * scale, (until - begin) * scale
        return Block(kind, round(x, 1), round(max(w - 2, 1), 1), says, label if len(label) * LETTER < w else "")

    blocks = [
        block(
            "object",
            it["first"],
            it["next"],
            f"offsets {it['first']} to {it['next'] - 1}, {it['size']:,} bytes, {_why(it['because'])}",
            f"{MARKS[it['because']]} {it['next'] - it['first']}",
        )
        for it in objects
    ]
    if held > stored:
        blocks.append(block("held", stored, held, f"{held - stored} records are held by the sink", str(held - stored)))
    if log_end > held:
        count = log_end - held
        blocks.append(block("unread", held, log_end, f"{count} records are not read yet", str(count)))
    return Drawing(
        partition["partition"],
        tuple(blocks),
        first,
        end,
        f"{archive['topic']}-{partition['partition']}: the store has it up to offset {stored}, {held - stored} records "
        f"are held, {max(0, log_end - held)} are not read yet",
        partition["held_size"],
        (archive["buffer_mib"] or 1) << 20,
        partition["held_s"],
        archive["buffer_s"] or 1,
    )


def _why(because: str) -> str:
    return f"because of {because}" if because else "before this start"
