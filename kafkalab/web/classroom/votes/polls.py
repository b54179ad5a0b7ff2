"""Asking, voting, closing, showing and asking again. Everything here asks the database, so it is called in a thread.

Peer instruction has one rule: where about half of a class is right, let them convince one another, and vote again.
"""

import json
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kafkalab.lessons import same
from kafkalab.lessons.answers import AnswerRefused, answer_from, in_words
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.classroom.votes.models import LONGEST_ASK, LONGEST_SAID, Ballot, State, Vote

DISCUSS_FROM, DISCUSS_TO = 35, 70
"""Percent right: fewer, and they need to be told more; more, and they need not be held up."""
MOST_ROUNDS = 4
MOST_CHOICES = 8
LONGEST_CHOICE = 120
OWN_KINDS = ("choice", "number", "place")
"""Of an instructor's own questions."""


class VoteRefused(Exception):
    """The message is one sentence for who asked."""


@dataclass(frozen=True)
class Question:
    ask: str
    kind: str
    choices: dict[str, str]
    lesson: int | None = None
    section: str = ""


def own_question(ask: str, kind: str, lines: str, places: dict[str, str]) -> Question:
    """An instructor's: a choice in each line, or places on the stage. Raises VoteRefused."""
    text = " ".join(ask.split())
    if not 1 <= len(text) <= LONGEST_ASK:
        raise VoteRefused(_("A question has 1 to %(most)s characters.") % {"most": LONGEST_ASK})
    if kind not in OWN_KINDS:
        raise VoteRefused(_("There are no such questions."))
    if kind == "place" and not places:
        raise VoteRefused(_("Open a demo first: its stage has the places."))
    if kind != "choice":
        return Question(text, kind, places if kind == "place" else {})
    choices = [" ".join(line.split())[:LONGEST_CHOICE] for line in lines.splitlines() if line.strip()]
    if not 2 <= len(choices) <= MOST_CHOICES:
        raise VoteRefused(_("A choice is among 2 to %(most)s answers, one in each line.") % {"most": MOST_CHOICES})
    return Question(text, kind, {str(number): choice for number, choice in enumerate(choices, 1)})


def ask(room: Room, question: Question) -> Vote:
    """The vote before it is over by that."""
    room.votes.filter(state=State.OPEN).update(state=State.CLOSED)
    vote: Vote = Vote.objects.create(
        room=room,
        mark=secrets.token_hex(8),
        asked_at=timezone.now(),
        ask=question.ask,
        kind=question.kind,
        choices=question.choices,
        lesson=question.lesson,
        section=question.section,
    )
    return vote


def newest(room: Room) -> Vote | None:
    found: Vote | None = room.votes.first()
    return found


def cast(seat: Seat, mark: str, typed: str) -> None:
    """One vote a seat, which may be changed until the round is closed. Raises VoteRefused."""
    with transaction.atomic():
        vote = Vote.objects.select_for_update().filter(room=seat.room, mark=mark).first()
        if vote is None or not vote.is_open or not seat.room.is_open:
            raise VoteRefused(_("This vote is closed."))
        # To parse it, a place is a choice among those that there are.
        kind = "choice" if vote.kind == "place" else vote.kind
        try:
            said = answer_from(typed[:LONGEST_SAID], kind, vote.choices)
        except AnswerRefused as refused:
            raise VoteRefused(str(refused)) from None
        Ballot.objects.update_or_create(
            vote=vote, seat=seat, round=vote.round, defaults={"said": said, "at": timezone.now()}
        )


def close(vote: Vote) -> None:
    vote.state = State.CLOSED
    vote.save(update_fields=["state"])


def reveal(vote: Vote) -> None:
    """To everybody in the room; the round is closed by it."""
    vote.state, vote.revealed = State.CLOSED, vote.round
    vote.save(update_fields=["state", "revealed"])


def again(vote: Vote) -> None:
    """The same question once more. Raises VoteRefused."""
    if vote.ran:
        raise VoteRefused(_("The engine has shown the answer already."))
    if vote.is_open or vote.round >= MOST_ROUNDS:
        raise VoteRefused(_("Close this round first; there are %(most)s at most.") % {"most": MOST_ROUNDS})
    vote.state, vote.round = State.OPEN, vote.round + 1
    vote.save(update_fields=["state", "round"])


def engine_says(mark: str, answer: Any, *, ran: bool) -> Room | None:
    """The hidden run's answer, which stays hidden, or that of the run that everybody has seen. The room, if it has such
    a vote."""
    vote = Vote.objects.select_related("room").filter(mark=mark).first()
    if vote is None:
        return None
    vote.answer = answer
    changed = ["answer"]
    if ran:
        vote.ran, vote.state, vote.revealed = True, State.CLOSED, vote.round
        changed += ["ran", "state", "revealed"]
    vote.save(update_fields=changed)
    room: Room = vote.room
    return room


def ballot_of(seat: Seat, vote: Vote) -> Any:
    """What the seat said in this round; None if nothing."""
    return vote.ballots.filter(seat=seat, round=vote.round).values_list("said", flat=True).first()


# -- counting -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """One answer, with how many gave it in a round."""

    name: str
    says: str
    count: int
    percent: int
    right: bool
    """Known only when the engine has shown it."""


@dataclass(frozen=True)
class Round:
    number: int
    votes: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Tally:
    """What may be told of a vote: of hidden rounds how many voted, and no more."""

    vote: Vote
    seats: int
    voted: int
    """In this round."""
    rounds: tuple[Round, ...]
    """Those that are revealed."""
    answer: str
    """In words, once the engine has shown it."""


def tally(vote: Vote) -> Tally:
    rounds = tuple(_round(vote, number) for number in range(1, vote.revealed + 1))
    voted = vote.ballots.filter(round=vote.round).count()
    answer = in_words(vote.answer, vote.choices) if vote.ran and vote.answer is not None else ""
    return Tally(vote, vote.room.seats.count(), voted, rounds, answer)


def told_by(counted: Tally) -> str:
    """Two tallies that say the same have the same: who asks again and again need not be told it again."""
    vote = counted.vote
    known = vote.answer is not None
    said = (vote.mark, vote.round, vote.state, vote.revealed, vote.ran, known, counted.voted, counted.seats)
    return " ".join(map(str, said))


def _round(vote: Vote, number: int) -> Round:
    said = list(vote.ballots.filter(round=number).values_list("said", flat=True))
    counted = Counter(_key(vote, each) for each in said)
    # Of choices also those that nobody took; of places only these.
    keys = dict.fromkeys([_key(vote, name) for name in vote.choices] if vote.kind == "choice" else [])
    by_size = sorted(counted, key=lambda key: (-counted[key], key))
    keys |= dict.fromkeys(sorted(counted, key=json.loads) if vote.kind == "number" else by_size)
    bars = tuple(_bar(vote, key, counted[key], len(said)) for key in keys)
    return Round(number, len(said), bars)


def _key(vote: Vote, said: Any) -> str:
    return json.dumps(sorted(map(str, said)) if vote.kind == "set" else said)


def _bar(vote: Vote, key: str, count: int, of: int) -> Bar:
    said = json.loads(key)
    right = vote.ran and vote.answer is not None and same(vote.kind, said, vote.answer)
    return Bar(str(said), in_words(said, vote.choices), count, round(100 * count / of) if of else 0, right)


def percent_right(vote: Vote) -> int | None:
    """Of this round. For the instructor alone, once it is closed; None where nobody voted, or knows yet."""
    if vote.is_open or vote.answer is None:
        return None
    said = list(vote.ballots.filter(round=vote.round).values_list("said", flat=True))
    if not said:
        return None
    return round(100 * sum(same(vote.kind, each, vote.answer) for each in said) / len(said))


def advice(percent: int | None) -> str:
    """What peer instruction recommends: "discuss", "explain" or "run"; "" where nothing is known."""
    if percent is None:
        return ""
    if percent < DISCUSS_FROM:
        return "explain"
    return "discuss" if percent <= DISCUSS_TO else "run"


def heat(vote: Vote) -> dict[str, int]:
    """Of a vote about places, once it is revealed: how many percent said each, by the entity's id."""
    if vote.kind != "place" or not vote.revealed:
        return {}
    return {bar.name: bar.percent for bar in _round(vote, vote.revealed).bars}
