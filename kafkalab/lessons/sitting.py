"""A learner at a lesson: question, prediction, run, what was seen, explanation, challenge, and so on.

The lab is the learner's own, and he may do with it what he likes at any time. While he is asked or told something its
time stands still; while something runs, and while he works on a challenge, it goes on, as fast as he chose. Whoever
plays the lab calls `go_on` again and again: nothing here waits, and nothing knows a page.
"""

from collections.abc import Callable
from typing import Any

from kafkalab.lab import Lab, Ports
from kafkalab.lessons import phases as at
from kafkalab.lessons import sitting_commands as say
from kafkalab.lessons.answers import AnswerRefused, answer_from
from kafkalab.lessons.carrying import START_US, Carrying, Line, look
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.lesson import Lesson, Section
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.pace import hold, let_go_on, same_pace
from kafkalab.lessons.phases import AT_ONCE_S, Note, SittingRefused
from kafkalab.lessons.play import Truth, Watch, foreseeing, taking_to, told
from kafkalab.lessons.told import Told, checked
from kafkalab.lessons.under_way import UnderWay


class Sitting:
    def __init__(
        self,
        lesson: Lesson,
        lab: Lab,
        seed: int = 1,
        begin_at: int = 0,
        *,
        ports: Ports | None = None,
        start_us: int = START_US,
        at_once_s: float = AT_ONCE_S,
        on_lab: Callable[[Lab], None] = lambda lab: None,
        note: Note = lambda section, kind, detail: None,
    ) -> None:
        """`lab` was taken to where that section begins, with the ports that are given. `on_lab` hears of the lab that
        takes the place of the one before, which is let go of after that."""
        self.lesson = lesson
        self.seed = seed
        self.phase = at.ASKED
        self.error = ""
        """Why it does not go on, in a sentence."""
        self.sandbox: Lab | None = None
        self.lab = lab
        self._ports, self._start_us = ports, start_us
        self._under_way = UnderWay(at_once_s)
        self._run_wanted = False
        self._before: Facts = {}
        """From where the run, or the challenge, began."""
        self._watch: Watch | None = None
        self.on_lab = on_lab
        self._note = note
        self._begin_all(begin_at)

    def _begin_all(self, index: int) -> None:
        self.told = [Told() for _ in self.lesson.sections]
        self.checkpoints: dict[int, Lab] = {}
        """How the lab stood when a section's question was asked."""
        self._broken = False
        self._ask(index)

    # -- what there is --------------------------------------------------------------------------

    @property
    def section(self) -> Section:
        return self.lesson.sections[self.index]

    @property
    def here(self) -> Told:
        return self.told[self.index]

    @property
    def shown(self) -> Lab:
        """What the learner has before him."""
        return self.sandbox or self.lab

    @property
    def lines(self) -> list[Line]:
        """The steps that are being played, or were played last."""
        return self._under_way.lines

    @property
    def playing_solution(self) -> bool:
        return self.phase == at.CHALLENGE and self._under_way.playing

    @property
    def reached(self) -> bool:
        """Whether the challenge's goal is reached, or was when somebody last looked; not for how long."""
        return self._watch is not None and self._watch.holding

    @property
    def held_s(self) -> float:
        """For how long the goal has been reached by now."""
        return self._watch.held_us(self.lab) / 1_000_000 if self._watch is not None else 0.0

    # -- as time goes on --------------------------------------------------------------------------

    def go_on(self) -> None:
        """Do what can be done by now. It is to be called several times a second of the lab."""
        if self.sandbox is not None or self._broken or self.error:
            return
        try:
            self._go_on()
        except LessonRefused as error:
            self._fail(error)

    @property
    def thinking(self) -> bool:
        """A hidden lab runs ahead: the sooner `go_on` is called again the sooner it has come there."""
        return self._under_way.thinking and self.sandbox is None and not self.error

    def _go_on(self) -> None:
        if not self._under_way.thought():
            return
        if self.phase == at.SETUP and self._under_way.played():
            self._ask(self.index)
        elif self.phase == at.RUN and self._under_way.played():
            self._happened()
        elif self.phase == at.CHALLENGE:
            self._under_way.played()
            if not self.here.solved and self._watch is not None and self._watch.reached(self.lab):
                self.here.solved = True
                by = "solution" if self.here.by_solution else "learner"
                self._note(self.section.name, "solved", {"by": by, "hints": self.here.hints})

    def broke(self, sentence: str) -> None:
        """The engine did, on the learner's lab."""
        self._broken = True
        self.error = f"{sentence} Restore the section to go on."

    def _fail(self, error: LessonRefused) -> None:
        self._under_way.drop()
        hold(self.lab)
        if self.phase == at.LOCKED:
            self.phase, self.told[self.index] = at.ASKED, Told()
        self.error = (
            f"The lesson cannot go on from here, perhaps because the lab is not as it expects: {error.why} "
            "Restore the section, or begin it afresh."
        )

    # -- what a learner says ----------------------------------------------------------------------

    def do(self, command: say.SittingCommand) -> None:
        """Raises SittingRefused."""
        if self._broken and not isinstance(command, say.RestoreSection | say.PractiseAgain):
            raise SittingRefused(self.error)
        match command:
            case say.Predict():
                self._predict(command)
            case say.PlayRun():
                self._run()
            case say.SaySeen(answer):
                self._say_seen(answer)
            case say.GoOn():
                self._next()
            case say.TakeHint():
                self._hint()
            case say.PlaySolution(sure):
                self._play_solution(sure)
            case say.RestoreSection(section, afresh):
                if section is None and not afresh and self.phase == at.CHALLENGE:
                    self._restore_challenge()
                else:
                    self._restore(self.index if section is None else section, afresh)
            case say.ExploreFirst():
                self._explore()
            case say.LeaveSandbox():
                self._leave_sandbox()
            case say.PractiseAgain():
                self._practise()
        self.go_on()

    def _need(self, phase: str, why_not: str) -> None:
        if self.sandbox is not None:
            raise SittingRefused("You are in the sandbox: leave it first.")
        if self.error:
            raise SittingRefused(self.error)
        if self.phase != phase:
            raise SittingRefused(why_not)

    def _predict(self, command: say.Predict) -> None:
        self._need(at.ASKED, "There is nothing to predict just now: a prediction is locked in once.")
        asked = self.section.predict
        try:
            answer = answer_from(command.answer, asked.kind, asked.choices)
        except AnswerRefused as refused:
            raise SittingRefused(str(refused)) from None
        here = self.here
        here.answer, here.confidence, here.because = answer, command.confidence, command.because.strip()
        self.phase, self._run_wanted = at.LOCKED, False
        self._under_way.think(foreseeing(self.lab, self.section), self._foreseen)

    def _foreseen(self, key: Truth) -> None:
        self.here.key = key
        self._note(self.section.name, "predicted", self.here.prediction_noted(self.section))
        if self._run_wanted:
            self._run()

    def _run(self) -> None:
        why_not = "Say first what you expect." if self.phase == at.ASKED else "It has been played: go on."
        self._need(at.LOCKED, why_not)
        if self.here.key is None:
            self._run_wanted = True
            return
        self.phase = at.RUN
        self._before = look(self.lab)
        self._begin(self.section.run)

    def _happened(self) -> None:
        """On the learner's own lab it has happened."""
        hold(self.lab)
        after = look(self.lab)
        section, here, asked = self.section, self.here, self.section.predict
        here.happened = told(asked, self._before, after).answer
        here.ran = True
        if section.saw is not None:
            here.seen = section.saw.answer.value(before=self._before, after=after)
        here.claims = [checked(claim, self._before, after) for claim in section.claims]
        self.phase = at.SAW if section.saw is not None else at.EXPLAINED
        self._note(section.name, "ran", here.run_noted(section))

    def _say_seen(self, said: str) -> None:
        self._need(at.SAW, "Nobody asks just now what you saw.")
        asked = self.section.saw
        assert asked is not None
        try:
            self.here.said_seen = answer_from(said, asked.kind, asked.choices)
        except AnswerRefused as refused:
            raise SittingRefused(str(refused)) from None
        self.phase = at.EXPLAINED
        self._note(self.section.name, "saw", self.here.seen_noted(self.section))

    def _next(self) -> None:
        if self.phase not in (at.EXPLAINED, at.CHALLENGE):
            raise SittingRefused("First comes what the page asks for.")
        self._need(self.phase, "")
        if self.phase == at.EXPLAINED and self.section.challenge is not None:
            self._begin_challenge()
            return
        left = self.phase == at.CHALLENGE and not self.here.solved
        if self.index + 1 == len(self.lesson.sections):
            hold(self.lab)
            self.phase = at.FINISHED
            solved = sum(it.solved for it in self.told)
            right = sum(it.right(section) for it, section in zip(self.told, self.lesson.sections, strict=True))
            self._note("", "finished", {"seed": self.seed, "right": right, "solved": solved})
        elif left:
            # What the challenge would have changed may be what the next section needs.
            self._afresh(self.index + 1)
        else:
            self._set_up(self.index + 1)

    # -- sections ---------------------------------------------------------------------------------

    def _set_up(self, index: int) -> None:
        self.index = index
        self.phase = at.SETUP
        self._before = look(self.lab)
        self._watch = None
        self._begin(self.section.setup)

    def _begin(self, steps: tuple[Any, ...]) -> None:
        self._under_way.play(Carrying(self.lab, steps, self._before))
        if steps:
            let_go_on(self.lab)

    def _ask(self, index: int) -> None:
        """Time stands still, and how the lab stands is kept."""
        self.index = index
        self.phase = at.ASKED
        self.error = ""
        self._under_way.drop()
        self._watch = None
        hold(self.lab)
        self.checkpoints[index] = self.lab.fork()

    # -- the challenge ------------------------------------------------------------------------------

    def _begin_challenge(self) -> None:
        self._at_challenge = self.lab.fork()
        self._take_up_challenge(self.lab)

    def _take_up_challenge(self, lab: Lab) -> None:
        challenge = self.section.challenge
        assert challenge is not None
        if lab is not self.lab:
            self._replace(lab)
        self.phase, self.error, self._broken = at.CHALLENGE, "", False
        self._under_way.drop()
        self._before = look(self.lab)
        self._watch = Watch(challenge, self._before)
        let_go_on(self.lab)

    def _restore_challenge(self) -> None:
        """What was asked for and given as help stays given."""
        self._note(self.section.name, "restored", {"afresh": False})
        self.here.solved = self.here.by_solution = False
        self._take_up_challenge(self._at_challenge.fork())

    def _hint(self) -> None:
        self._need(at.CHALLENGE, "Hints are for challenges.")
        challenge = self.section.challenge
        assert challenge is not None
        if self.here.hints == len(challenge.hints):
            raise SittingRefused("There are no more hints: the solution can be played.")
        self.here.hints += 1
        self._note(self.section.name, "hinted", {"tier": self.here.hints})

    def _play_solution(self, sure: bool) -> None:
        self._need(at.CHALLENGE, "There is no challenge to solve just now.")
        challenge = self.section.challenge
        assert challenge is not None
        if self.here.solved:
            raise SittingRefused("It is solved.")
        if not sure:
            raise SittingRefused("The lab goes back to where the challenge began: say that you are sure.")
        self._take_up_challenge(self._at_challenge.fork())
        self.here.by_solution = True
        self._begin(challenge.solution)

    # -- other labs ---------------------------------------------------------------------------------

    def _restore(self, index: int, afresh: bool) -> None:
        if not 0 <= index < len(self.lesson.sections):
            raise SittingRefused(f"The lesson has {len(self.lesson.sections)} sections.")
        if not afresh and index > self.index:
            raise SittingRefused("You have not been there yet: begin it afresh.")
        self._note(self.lesson.sections[index].name, "restored", {"afresh": afresh})
        if afresh or index not in self.checkpoints:
            self._afresh(index)
            return
        self._replace(self.checkpoints[index].fork())
        self._begin_again(index)

    def _afresh(self, index: int) -> None:
        def made(lab: Lab) -> None:
            self._replace(lab)
            self._begin_again(index)

        self._make(index, made)

    def _make(self, index: int, then: Callable[[Lab], None]) -> None:
        """Another lab, which takes a while."""
        self.index, self.phase, self.error, self._broken = index, at.SETUP, "", False
        self._under_way.drop()
        self._watch = None
        hold(self.lab)
        name = self.lab.settings.name
        self._under_way.think(taking_to(self.lesson, self.seed, index, name, self._ports, self._start_us), then)

    def _begin_again(self, index: int) -> None:
        self._broken = False
        for later in range(index, len(self.told)):
            self.told[later] = Told()
            self.checkpoints.pop(later, None)
        self._ask(index)

    def _practise(self) -> None:
        self.seed += 1
        self._note("", "opened", {"seed": self.seed})

        def made(lab: Lab) -> None:
            self._replace(lab)
            self._begin_all(0)

        self._make(0, made)

    def _explore(self) -> None:
        if self.phase not in at.EXPLORED_FROM:
            raise SittingRefused("The lab itself is yours to try things out just now.")
        self._need(self.phase, "")
        sandbox = self.lab.fork()
        sandbox.settings = self.lab.settings
        same_pace(self.lab, sandbox)
        self.sandbox = sandbox
        self.on_lab(sandbox)

    def _leave_sandbox(self) -> None:
        if self.sandbox is None:
            raise SittingRefused("You are not in the sandbox.")
        old, self.sandbox = self.sandbox, None
        self.on_lab(self.lab)
        old.abandon()

    def _replace(self, lab: Lab) -> None:
        same_pace(self.shown, lab)
        gone = [each for each in (self.sandbox, self.lab) if each is not None]
        self.lab, self.sandbox = lab, None
        self.on_lab(lab)
        for each in gone:
            each.abandon()
