"""A demo made from what somebody did by hand: his orders, the time between them, and what came true by them.

Orders are taken from a tape, so that what was typed into the terminal is among them. Before the demo is handed out it
is played: only what then holds is asserted, and an order that is refused says so.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kafkalab.lab import Lab, Tape
from kafkalab.lessons.carrying import look
from kafkalab.lessons.demo import Demo, read_demo
from kafkalab.lessons.demo_play import carrying_out, opening
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.work import Pieces

NAME = "recorded"
LEAST_WAIT_S = 0.05
MOST_PROOFS = 5
LONGEST_GAP_S = 30.0
"""Between two orders: after that somebody was thinking, and not waiting for the cluster."""
LONGEST_END_S = 10.0
"""After the last order of a card: what comes of it is there by then, and the rest was spent on writing."""
REFUSED = "the command was refused: "
SAYS_NOTHING = "Say here what the class sees."
Plain = dict[str, Any]


@dataclass
class RecordedCard:
    title: str
    say: str
    ask: str
    do: list[Plain]


@dataclass
class Recorder:
    """On one lab at a time."""

    demo: Demo
    """Whose cluster it begins with."""
    lab: Lab
    cards: list[RecordedCard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listen()

    @property
    def orders(self) -> int:
        """Since the last cut."""
        return len(self._tape.commands)

    def cut(self, title: str, say: str, ask: str) -> None:
        number = len(self.cards) + 1
        card = RecordedCard(title.strip() or f"Card {number}", say.strip() or SAYS_NOTHING, ask.strip(), self._steps())
        self.cards.append(card)
        self._listen()

    def go_on_at(self, lab: Lab, cards: int) -> None:
        """With another lab, as it stood after so many cards."""
        self.stop()
        self.lab = lab
        del self.cards[cards:]
        self._listen()

    def stop(self) -> None:
        if self._tape in self.lab.also_taped:
            self.lab.also_taped.remove(self._tape)

    def _listen(self) -> None:
        if hasattr(self, "_tape"):
            self.stop()
        self._tape = Tape(self.lab.settings, self.lab.world.now_us)
        self.lab.also_taped.append(self._tape)

    def _steps(self) -> list[Plain]:
        """What was done and when, as steps: between two orders there is a time to wait."""
        done: list[Plain] = []
        came_to_s = 0.0
        _, *orders = (json.loads(line) for line in self._tape.lines(self.lab.world.now_us).splitlines())
        for order in orders:
            done += _waiting(order["at_s"] - came_to_s, LONGEST_GAP_S)
            came_to_s = order["at_s"]
            fields = {name: _literal(value) for name, value in order.items() if name not in ("at_s", "step", "command")}
            done.append({order["command"]: fields})
        passed_s = (self.lab.world.now_us - self._tape.start_us) / 1_000_000
        return done + (_waiting(passed_s - came_to_s, LONGEST_END_S) if done else [])


def _waiting(seconds: float, at_most: float) -> list[Plain]:
    return [{"wait": round(min(seconds, at_most), 2)}] if seconds >= LEAST_WAIT_S else []


def _literal(value: Any) -> Any:
    """Text that begins with = would be an expression."""
    return f"= {json.dumps(value)}" if isinstance(value, str) and value.startswith("=") else value


def writing(recorder: Recorder) -> Pieces[str]:
    """The text of a demo that holds. Raises LessonRefused if it cannot be one."""
    demo, cards = recorder.demo, recorder.cards
    refused, proofs = yield from _tried(_read(demo, cards, {}, {}))
    text = _text(demo, cards, refused, proofs)
    read_demo(_file(demo), text)
    return text


def _tried(draft: Demo) -> Pieces[tuple[dict[tuple[int, int], str], dict[int, list[Plain]]]]:
    """By card and step: what a refusal says. By card: what came true."""
    refused: dict[tuple[int, int], str] = {}
    proofs: dict[int, list[Plain]] = {}
    lab = yield from opening(draft)
    for number, card in enumerate(draft.cards):
        before = look(lab)
        for index, step in enumerate(card.do):
            try:
                yield from carrying_out(lab, (step,), before)
            except LessonRefused as error:
                if not error.why.startswith(REFUSED):
                    raise
                refused[number, index] = error.why.removeprefix(REFUSED)
        proofs[number] = [{"says": says, "holds": holds} for holds, says in _news(before, look(lab))][:MOST_PROOFS]
    lab.abandon()
    return refused, proofs


def _read(
    demo: Demo, cards: list[RecordedCard], refused: dict[tuple[int, int], str], proofs: dict[int, list[Plain]]
) -> Demo:
    return read_demo(_file(demo), _text(demo, cards, refused, proofs))


def _file(demo: Demo) -> Path:
    return Path(f"{demo.lesson:02}-{NAME}.yaml")


def _text(
    demo: Demo, cards: list[RecordedCard], refused: dict[tuple[int, int], str], proofs: dict[int, list[Plain]]
) -> str:
    written: Plain = {"lesson": demo.lesson, "title": f"{demo.title}, recorded"}
    if demo.preset:
        written["cluster"] = demo.preset
    written["cards"] = []
    for number, card in enumerate(cards):
        said: Plain = {"title": card.title, "say": card.say}
        if card.ask:
            said["ask"] = card.ask
        if card.do:
            said["do"] = [
                step | ({"refused": refused[number, index]} if (number, index) in refused else {})
                for index, step in enumerate(card.do)
            ]
            if proofs.get(number):
                said["holds"] = proofs[number]
        written["cards"].append(said)
    dumped: str = yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=120)
    return dumped


# -- what came true ------------------------------------------------------------------------------------


def _news(before: Facts, now: Facts) -> Iterator[tuple[str, str]]:
    """Expressions that hold now and did not before, with a sentence of each; the most telling ones first."""
    for kind, one in (("brokers", "Broker"), ("controllers", "Controller")):
        for name, entity in now[kind].items():
            if name in before[kind] and before[kind][name]["state"] != entity["state"]:
                yield f'now.{kind}["{name}"].state == "{entity["state"]}"', f"{one} {name} is {entity['state']}."
    for name, topic in now["topics"].items():
        if name not in before["topics"] and not topic["internal"]:
            yield f'now.topics.exists(t, t == "{name}")', f"There is a topic {name}."
    yield from _partitions(before, now)
    for name, group in now["groups"].items():
        known = before["groups"].get(name)
        if known is None or len(known["members"]) != len(group["members"]):
            members = len(group["members"])
            yield f"now.groups[{json.dumps(name)}].members.size() == {members}", f"{name} has {members} members."
    for count, words in (
        ("lost_after_ack", "lost after they were acked"),
        ("duplicated", "there or read twice"),
        ("acked", "acked"),
        ("delivered", "delivered"),
    ):
        if now["ledger"][count] > before["ledger"][count]:
            grown = now["ledger"][count]
            yield f"now.ledger.{count} >= {grown}", f"In all {grown} records are {words}."
    if len(now["faults"]) != len(before["faults"]):
        yield f"now.faults.size() == {len(now['faults'])}", f"Faults that are on: {len(now['faults'])}."


def _partitions(before: Facts, now: Facts) -> Iterator[tuple[str, str]]:
    for name, partition in now["partitions"].items():
        known = before["partitions"].get(name)
        if known is None or now["topics"][partition["topic"]]["internal"]:
            continue
        if len(known["isr"]) != len(partition["isr"]):
            in_sync = len(partition["isr"])
            yield f'now.partitions["{name}"].isr.size() == {in_sync}', f"Of {name} {in_sync} replicas are in sync."
        if known["leader"] != partition["leader"] and partition["leader"] > 0:
            leader = partition["leader"]
            yield f'now.partitions["{name}"].leader == {leader}', f"Broker {leader} leads {name}."
