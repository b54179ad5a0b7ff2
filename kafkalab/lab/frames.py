"""What watchers are shown: a snapshot first, then numbered frames of what changed.

A frame carries entities that are new, of the others the fields that changed, and facts to animate. Each is encoded
once, however many watch. A watcher who is slow loses its place in the row, not anybody's memory: the next thing it
gets is a snapshot, which is the latest state. `apply(view, frame)` is all a receiver has to do.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from kafkalab.lab.significance import FREQUENT

QUEUE_FRAMES = 8
RECENT_EVENTS = 100
RECENT_FREQUENT_EVENTS = 40
"""Fewer, and apart: the last hundred appends shall not push a leader's election out of memory."""
FREQUENT_KINDS = tuple(kind.__name__ for kind in FREQUENT)
SIGNS = "signs"
NOT_REMEMBERED = ("Packet", "PacketCount", "EventCount", "Commanded")

Entities = dict[str, dict[str, Any]]
Frame = dict[str, Any]
Record = Callable[[Frame, str, Callable[[], str]], None]


def apply(view: Entities, frame: Frame) -> Entities:
    """The view after a frame or a snapshot."""
    if frame["type"] == "snapshot":
        return dict(frame["entities"])
    after: Entities = view | frame["entities"]
    for name, fields in frame.get("changes", {}).items():
        after[name] = view[name] | fields
    for name in frame["gone"]:
        after.pop(name, None)
    return after


def difference(before: Entities, after: Entities) -> tuple[Entities, list[str]]:
    """(entities that are new or not what they were, ids that are gone)."""
    changed = {}
    for name, entity in after.items():
        old = before.get(name)
        if old is not entity and old != entity:
            changed[name] = entity
    gone = [name for name in before if name not in after] if len(before) + len(changed) > len(after) else []
    return changed, gone


def lean(frame: Frame, before: Entities) -> Frame:
    """The same frame as it travels: of an entity that was there, only the fields that changed.

    The vital signs stay whole: who looks for them alone, as a timeline does, need not know what was before."""
    whole, changes = {}, {}
    for name, entity in frame["entities"].items():
        old = before.get(name)
        if old is None or name == SIGNS or old.keys() != entity.keys():
            whole[name] = entity
        else:
            changes[name] = {field: value for field, value in entity.items() if old[field] != value}
    return frame | {"entities": whole, "changes": changes}


class Remembered:
    """The latest facts, of which a snapshot tells: those that come by the thousand apart from the others."""

    def __init__(self, events: Iterable[dict[str, Any]] = ()) -> None:
        self._rare: deque[dict[str, Any]] = deque(maxlen=RECENT_EVENTS)
        self._frequent: deque[dict[str, Any]] = deque(maxlen=RECENT_FREQUENT_EVENTS)
        self.hear(events)

    def hear(self, events: Iterable[dict[str, Any]]) -> None:
        for event in events:
            if event["kind"] in FREQUENT_KINDS:
                self._frequent.append(event)
            elif event["kind"] not in NOT_REMEMBERED:
                self._rare.append(event)

    def listed(self) -> list[dict[str, Any]]:
        return sorted([*self._rare, *self._frequent], key=lambda event: event["at_us"])


class Watcher:
    """One socket's place: `on_ready` says that there is something to take, once until it is taken."""

    def __init__(self, frames: "Frames", on_ready: Callable[[], None]) -> None:
        self._frames = frames
        self._on_ready = on_ready
        self._waiting: deque[str] = deque()
        self._behind = True
        """What it knows is not the state before the next frame: it needs a snapshot."""
        self._told = False
        self.ended = False
        """The lab is gone: nothing comes any more."""
        self.overflows = 0
        """How often it was too slow. Whoever owns the socket may drop it for that."""

    def take(self) -> str | None:
        """The next message as JSON text, or None: nothing new."""
        if self._behind:
            self._behind = False
            return self._frames.snapshot_text()
        if self._waiting:
            return self._waiting.popleft()
        self._told = False
        return None

    def offer(self, text: str) -> None:
        if not self._behind:
            self._waiting.append(text)
            if len(self._waiting) > QUEUE_FRAMES:
                self._waiting.clear()
                self._behind = True
                self.overflows += 1
        self.ring()

    def ring(self) -> None:
        if not self._told:
            self._told = True
            self._on_ready()

    def close(self) -> None:
        self._frames.forget(self)


class Frames:
    """Numbers the frames of one lab and hands them to everyone who watches, and to whom records them.

    `refresh` publishes the state of now, unless that was done a moment ago: a newcomer's snapshot shall not be old.
    `record` gets each frame with its text, and what gives the snapshot after it."""

    def __init__(self, refresh: Callable[[], None], record: Record | None = None) -> None:
        self._refresh = refresh
        self._record = record
        self.version = 0
        self.watchers: list[Watcher] = []
        self._entities: Entities = {}
        self._remembered = Remembered()
        self.at_us = 0
        """The world's time at the last look, whether there was news or not."""
        self._rate = 1.0
        self._snapshot: str | None = None

    def go_on_from(self, other: "Frames") -> None:
        """In a fork: what happened lately happened there too."""
        self._remembered.hear(other._remembered.listed())

    def watch(self, on_ready: Callable[[], None]) -> Watcher:
        """A new watcher; its first message is a snapshot."""
        watcher = Watcher(self, on_ready)
        self.watchers.append(watcher)
        self._refresh()
        watcher.ring()
        return watcher

    def forget(self, watcher: Watcher) -> None:
        if watcher in self.watchers:
            self.watchers.remove(watcher)

    def end(self) -> None:
        """The lab is gone: everyone who watches is told."""
        for watcher in list(self.watchers):
            watcher.ended = True
            watcher.ring()

    def publish(self, at_us: int, rate: float, entities: Entities, events: list[dict[str, Any]]) -> Frame | None:
        """Show the state of now. None when nothing is new since the last frame."""
        changed, gone = difference(self._entities, entities)
        self.at_us, self._rate = at_us, rate
        if not changed and not gone and not events:
            return None
        self.version += 1
        before, self._entities = self._entities, dict(entities)
        self._remembered.hear(events)
        self._snapshot = None
        frame = {
            "type": "frame",
            "version": self.version,
            "at_us": at_us,
            "rate": rate,
            "entities": changed,
            "gone": gone,
            "events": events,
        }
        if self.watchers or self._record is not None:
            text = encode(lean(frame, before))
            for watcher in list(self.watchers):
                watcher.offer(text)
            if self._record is not None:
                self._record(frame, text, self.snapshot_text)
        return frame

    def snapshot(self) -> Frame:
        """All that there is to see, as of the last frame."""
        return {
            "type": "snapshot",
            "version": self.version,
            "at_us": self.at_us,
            "rate": self._rate,
            "entities": self._entities,
            "events": self._remembered.listed(),
        }

    def snapshot_text(self) -> str:
        if self._snapshot is None:
            self._snapshot = encode(self.snapshot())
        return self._snapshot


def encode(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
