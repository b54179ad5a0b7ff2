"""Somebody at a projector, with a demo: cards are put up, carried out, and taken back, by a remote with two keys.

While a card is said and asked, the lab's time stands still; while it is carried out, time goes on, as fast as was
chosen, and to press on makes it faster. How the lab stood before each card is kept. Whoever plays the lab calls `go_on`
again and again: nothing here waits, and nothing knows a page.
"""

from collections.abc import Callable
from typing import Any

from kafkalab.lab import Lab
from kafkalab.lessons import demo_commands as say
from kafkalab.lessons.carrying import Carrying, Line, look
from kafkalab.lessons.demo import Card, Demo
from kafkalab.lessons.demo_play import Proven, carrying_out, opening, place_of, proven
from kafkalab.lessons.demo_recorded import Recorder, writing
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.pace import hold, let_go_on, same_pace
from kafkalab.lessons.phases import AT_ONCE_S
from kafkalab.lessons.under_way import UnderWay
from kafkalab.lessons.work import Pieces

PREPARING, READY, DOING, DONE, RECORDING, WRITING = "preparing", "ready", "doing", "done", "recording", "writing"
HURRY_RATE = 10.0
AT_WORK = (DOING, RECORDING)


class DemoRefused(Exception):
    """That cannot be done now; the message is one sentence for the presenter."""


def taking_to_card(demo: Demo, index: int) -> Pieces[Lab]:
    """The lab as it stands before that card. Raises LessonRefused."""
    lab = yield from opening(demo)
    for card in demo.cards[:index]:
        yield from carrying_out(lab, card.do, look(lab))
    return lab


class Showing:
    def __init__(
        self,
        demo: Demo,
        lab: Lab,
        *,
        at_once_s: float = AT_ONCE_S,
        on_lab: Callable[[Lab], None] = lambda lab: None,
        records: bool = True,
    ) -> None:
        """`lab` stands as before the first card. `on_lab` hears of the lab that takes its place."""
        self.demo = demo
        self.lab = lab
        self.on_lab = on_lab
        self.records = records
        """Whether another demo can be made here: the lab can be made anew from what the demo says of its cluster."""
        self.on_done: Callable[[Showing], None] = lambda showing: None
        """Hears when a card was carried out. It may raise LessonRefused."""
        self.index = 0
        """Of the card."""
        self.phase = READY
        self.proven: list[Proven] = []
        """What the card asserted, once it was carried out."""
        self.dark = False
        """Whether the projector shows nothing."""
        self.hurrying = False
        self.error = ""
        """Why it does not go on, in a sentence."""
        self.recorder: Recorder | None = None
        self.recorded = ""
        """The text of the demo that was recorded last."""
        self._under_way = UnderWay(at_once_s)
        self.before: Facts = {}
        """When the card was put up, or carried out."""
        self._rate = 1.0
        """How fast it went before somebody pressed on."""
        self.kept: dict[int, Lab] = {}
        """How the lab stood before each card."""
        self._put_up(0)

    # -- what there is --------------------------------------------------------------------------

    @property
    def card(self) -> Card:
        return self.demo.cards[self.index]

    @property
    def lines(self) -> list[Line]:
        """The steps that are being carried out, or were last."""
        return self._under_way.lines

    @property
    def thinking(self) -> bool:
        """A hidden lab runs ahead: the sooner `go_on` is called again the sooner it has come there."""
        return self._under_way.thinking and not self.error

    @property
    def looks_at(self) -> str:
        """The id of what the class shall look at."""
        if self.phase not in (READY, DOING, DONE):
            return ""
        return place_of(self.card.show, self.before, look(self.lab))

    # -- as time goes on --------------------------------------------------------------------------

    def go_on(self) -> None:
        """Do what can be done by now. It is to be called several times a second of the lab."""
        if self.error:
            return
        try:
            if self._under_way.thought() and self.phase == DOING and self._under_way.played():
                self._did()
        except LessonRefused as error:
            self._under_way.drop()
            self._slow_down()
            hold(self.lab)
            if self.phase == WRITING:
                self.phase = RECORDING
            self.error = f"The demo cannot go on from here: {error.why} Go back, and try once more."

    def _did(self) -> None:
        self._slow_down()
        hold(self.lab)
        self.proven = proven(self.card, self.before, look(self.lab))
        self.phase = DONE
        self.on_done(self)

    def broke(self, sentence: str) -> None:
        """The engine did."""
        self.error = f"{sentence} Go back, and try once more."

    # -- what a presenter says ----------------------------------------------------------------------

    def do(self, command: say.DemoCommand) -> None:
        """Raises DemoRefused."""
        match command:
            case say.BlankScreen(dark):
                self.dark = dark
            case say.CutCard():
                self._cut(command)
            case say.DropRecording():
                self._drop_recording()
            case say.TakeBack():
                self._back()
            case _ if self.error:
                raise DemoRefused(self.error)
            case say.NextCard():
                self._next()
            case say.PutUpCard(card):
                self._jump(card)
            case say.BeginRecording():
                self._record()
        self.go_on()

    def _next(self) -> None:
        if self.phase == READY and self.card.do:
            self.phase = DOING
            self.before = look(self.lab)
            self._under_way.play(Carrying(self.lab, self.card.do, self.before))
            let_go_on(self.lab)
        elif self.phase == DOING:
            self._hurry()
        elif self.phase == RECORDING:
            self._cut(say.CutCard())
        elif self.phase not in (READY, DONE):
            raise DemoRefused("The lab is being prepared: a moment.")
        elif self.index + 1 == len(self.demo.cards):
            raise DemoRefused("That was the last card.")
        else:
            self._put_up(self.index + 1)

    def _back(self) -> None:
        if self.phase in (PREPARING, WRITING):
            raise DemoRefused("The lab is being prepared: a moment.")
        if self.phase == RECORDING:
            self._take_back_recorded()
            return
        index = self.index if self.phase != READY or self.error else max(0, self.index - 1)
        self._replace(self.kept[index].fork())
        self._put_up(index)

    def _jump(self, index: int) -> None:
        if self.phase not in (READY, DOING, DONE):
            raise DemoRefused("Cards are put up when nothing is recorded or prepared.")
        if index >= len(self.demo.cards):
            raise DemoRefused(f"The demo has {len(self.demo.cards)} cards.")
        if index in self.kept:
            self._replace(self.kept[index].fork())
            self._put_up(index)
            return
        self._make(taking_to_card(self.demo, index), lambda lab: self._put_up(index))

    # -- cards --------------------------------------------------------------------------------------

    def _put_up(self, index: int) -> None:
        """Time stands still, and how the lab stands is kept."""
        self.index = index
        self.phase = READY
        self.error = ""
        self.proven = []
        self._slow_down()
        self._under_way.drop()
        hold(self.lab)
        self.before = look(self.lab)
        self.kept[index] = self.lab.fork()

    def _hurry(self) -> None:
        if self.lab.time is not None and not self.hurrying:
            self.hurrying, self._rate = True, self.lab.time.rate
            self.lab.time.change(rate=max(HURRY_RATE, self._rate))
            let_go_on(self.lab)

    def _slow_down(self) -> None:
        if self.hurrying and self.lab.time is not None:
            self.lab.time.change(rate=self._rate)
        self.hurrying = False

    def _make(self, pieces: Pieces[Lab], then: Callable[[Lab], None]) -> None:
        """Another lab, which takes a while."""
        self._slow_down()
        self.phase = PREPARING
        self._under_way.drop()
        hold(self.lab)

        def made(lab: Lab) -> None:
            self._replace(lab)
            then(lab)

        self._under_way.think(pieces, made)

    def _replace(self, lab: Lab) -> None:
        self._slow_down()
        same_pace(self.lab, lab)
        old, self.lab = self.lab, lab
        self.on_lab(lab)
        old.abandon()

    # -- recording ------------------------------------------------------------------------------------

    def _record(self) -> None:
        if not self.records:
            raise DemoRefused("There is nothing to record here: open a demo.")
        if self.phase in (PREPARING, WRITING, RECORDING):
            raise DemoRefused("It is being recorded, or prepared.")

        def begin(lab: Lab) -> None:
            self._put_up(0)
            self.kept = {0: self.kept[0]}
            self.recorder = Recorder(self.demo, lab)
            self.phase, self.recorded = RECORDING, ""
            let_go_on(lab)

        self._make(opening(self.demo), begin)

    def _cut(self, command: say.CutCard) -> None:
        if self.recorder is None or self.phase != RECORDING:
            raise DemoRefused("Nothing is being recorded.")
        if self.lab.orders_under_way:
            raise DemoRefused("The cluster has not answered yet: a moment.")
        self.error = ""
        self.recorder.cut(command.title, command.say, command.ask)
        self.kept[len(self.recorder.cards)] = self.lab.fork()
        if command.ends:
            hold(self.lab)
            self.phase = WRITING
            self._under_way.think(writing(self.recorder), self._written)

    def _written(self, text: str) -> None:
        self.recorded = text
        self._drop_recording()

    def _take_back_recorded(self) -> None:
        """What was done since the last cut; where that is nothing, the card before, too."""
        assert self.recorder is not None
        cards = len(self.recorder.cards)
        index = cards if self.recorder.orders or self.error else max(0, cards - 1)
        self.error = ""
        self._replace(self.kept[index].fork())
        self.recorder.go_on_at(self.lab, index)
        let_go_on(self.lab)

    def _drop_recording(self) -> None:
        if self.recorder is None:
            raise DemoRefused("Nothing is being recorded.")
        self.recorder.stop()
        self.recorder = None
        first = self.kept[0]
        self.kept = {}
        self._replace(first.fork())
        self._put_up(0)


# -- as a page gets it ------------------------------------------------------------------------------------


def shown(showing: Showing) -> dict[str, Any]:
    """Plain values all through, for JSON. Texts of the demo are Markdown."""
    demo, card = showing.demo, showing.card
    following = demo.cards[showing.index + 1 : showing.index + 2]
    recorder = showing.recorder
    return projected(showing) | {
        "lesson": demo.lesson,
        "title": demo.title,
        "error": showing.error,
        "thinking": showing.thinking,
        "hurrying": showing.hurrying,
        "standing_still": bool(showing.lab.time is not None and showing.lab.time.paused),
        "cards": [{"title": each.title, "kept": index in showing.kept} for index, each in enumerate(demo.cards)],
        "card": {
            "title": card.title,
            "say": card.say,
            "ask": card.ask,
            "does": bool(card.do),
            "proofs": [{"says": proof.says} for proof in card.proofs],
            "proven": [{"says": one.says, "holds": one.holds, "why_not": one.why_not} for one in showing.proven],
            "steps": [{"says": line.says, "kind": line.kind, "done": line.done} for line in showing.lines],
            "next": following[0].title if following else "",
        },
        "recording": {"card": len(recorder.cards) + 1, "orders": recorder.orders} if recorder is not None else None,
        "records": showing.records,
        "recorded": bool(showing.recorded),
    }


def projected(showing: Showing) -> dict[str, Any]:
    """What the projector may know: nothing of what is said, asked and asserted."""
    show = showing.card.show
    lens = show.lens if show is not None and showing.phase in (READY, DOING, DONE) else ""
    return {
        "index": showing.index,
        "phase": showing.phase,
        "dark": showing.dark,
        "lens": lens,
        "looks_at": showing.looks_at,
    }
