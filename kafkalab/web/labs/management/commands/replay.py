"""`manage.py replay TAPE`: plays a tape on virtual time with the referee judging, and tells what happened.

With `--serve` the same world is put on the stage, standing still just before its end. A recording that the
page gave away is no tape, and opens there too: it shows again what was shown, with nothing under it.
"""

from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from kafkalab.engine.events import Event
from kafkalab.lab import (
    FREQUENT,
    HistoryTape,
    Lab,
    RecordingRefused,
    Tape,
    TapeRefused,
    Verdict,
    load_tape,
    read_recording,
    replay,
    shown_again,
    staged,
)
from kafkalab.web.labs.serving import PortTaken, address, check_port, serve
from kafkalab.web.network import is_loopback
from kafkalab.web.storage import keep_in

SECOND_US = 1_000_000
GZIP = b"\x1f\x8b"


def _is_packed(path: Path) -> bool:
    """A recording is a gzip file, and a tape is text."""
    try:
        with path.open("rb") as file:
            return file.read(2) == GZIP
    except OSError:
        return False


class Command(BaseCommand):
    """Exit code 1 when a rule is broken, or when the tape cannot be played."""

    help = "Play a tape on virtual time, judged after every step, and print the facts with their times."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tape", type=Path, help="a file that simulate or the page wrote")
        parser.add_argument("--until", type=float, metavar="SECONDS", help="no farther than this")
        parser.add_argument("--every-record", action="store_true", help="tell of every append, ack and delivery too")
        parser.add_argument("--serve", action="store_true", help="put it on the stage, just before its end")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the page (8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        until_s: float | None = options["until"]
        if until_s is not None and not 0 <= until_s < 1e9:
            self._refuse("--until is a number of seconds from the start.")
        try:
            if options["serve"]:
                if not is_loopback(options["host"]):
                    # Whatever was recorded has no owner any more, who would have to log in.
                    self._refuse(f"A tape is shown on this machine only, and {options['host']} is reached from others.")
                check_port(options["host"], options["port"])
            if _is_packed(options["tape"]):
                self._show_again(options["tape"], options["host"], options["port"], options["serve"])
                return
            tape = load_tape(options["tape"])
        except (PortTaken, RecordingRefused, TapeRefused) as refused:
            self._refuse(str(refused))
        until_us = None if until_s is None else round(until_s * SECOND_US)
        if options["serve"]:
            self._serve(tape, until_us, options["host"], options["port"])
            return
        verdict = replay(tape, partial(self._tell, every=options["every_record"]), until_us)
        self.stdout.write(self._in_words(tape, verdict))
        if verdict.broken is not None:
            raise SystemExit(1)

    def _refuse(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        raise SystemExit(1)

    def _tell(self, at_us: int, node: str, event: Event, *, every: bool) -> None:
        if every or event.__class__ not in FREQUENT:
            self.stdout.write(f"{at_us / SECOND_US:11.6f}  {node:16s}  {event.sentence()}")

    def _in_words(self, tape: Tape | HistoryTape, verdict: Verdict) -> str:
        where = f"after {verdict.at_us / SECOND_US:.6f} s, at step {verdict.steps:,}"
        if verdict.broken is not None:
            return f"Broken {where}: {verdict.broken}"
        if verdict.counted:
            return f"Every invariant held, and so did the final count, {where}."
        return f"Every invariant held {where}."

    def _show_again(self, path: Path, host: str, port: int, on_the_stage: bool) -> None:
        """A recording has no engine under it: it is shown, or its facts are told. Raises RecordingRefused."""
        name, recording = read_recording(path.read_bytes())
        index = recording.index()
        if not on_the_stage:
            for tick in index["ticks"]:
                at_s = (tick["at_us"] - index["first_us"]) / SECOND_US
                self.stdout.write(f"{at_s:11.6f}  {tick['node']:16s}  {tick['text']}")
            return
        lab = shown_again(name, recording)

        async def begin() -> None:
            length_s = (index["last_us"] - index["first_us"]) / SECOND_US
            self.stdout.write(f"On the stage, {length_s:.0f} s that were recorded: {address(host, port)}")
            self.stdout.write("Time stands still: the timeline is on the page. Stop it with Ctrl-C.")
            self.stdout.flush()

        _serve_alone(lab, host, port, begin, lambda: None)

    def _serve(self, tape: Tape | HistoryTape, until_us: int | None, host: str, port: int) -> None:
        self.stdout.write("Playing the tape to its end ...")
        self.stdout.flush()
        verdict = replay(tape, lambda *_: None, until_us)
        self.stdout.write(self._in_words(tape, verdict))
        lab: Lab = staged(tape, verdict)
        lab.conductor.on_broken = self.stderr.write

        async def begin() -> None:
            lab.play()
            self.stdout.write(f"On the stage, just before that: {address(host, port)}")
            self.stdout.write("Time stands still: Play and Step are on the page. Stop it with Ctrl-C.")
            self.stdout.flush()

        _serve_alone(lab, host, port, begin, lab.conductor.stop)


def _serve_alone(lab: Lab, host: str, port: int, begin: Callable[[], Awaitable[None]], end: Callable[[], None]) -> None:
    """What learners did with labs of their own is not known where a tape is shown."""
    with TemporaryDirectory() as directory:
        keep_in(Path(directory))
        serve(lab, host, port, begin, end)
