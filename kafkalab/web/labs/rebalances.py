"""The page "Compare rebalances": one story under three group protocols, drawn from what the engine told."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import rebalances as played
from kafkalab.web.labs.open_labs import HOME

LEFT, RIGHT = 60, 436
"""In a drawing that is 450 wide."""
AXIS, BAND, LANE_HEAD, ROW, LANE_GAP = 22, 22, 22, 10, 12
TICK_US = 2_000_000
LETTER = 6.2
"""About how wide one is, in the small size."""
HIGHEST_SEED = 999_999
_one_at_a_time = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    w: float
    says: str
    """For whoever points at it."""
    label: str = ""
    """What is written on it, if there is room."""
    what: str = ""

    @property
    def label_x(self) -> float:
        return self.x + self.w / 2


@dataclass(frozen=True, slots=True)
class DrawnLane:
    member: str
    y: float
    alive: Bar
    rows: tuple[tuple[int, float], ...]
    """Partition and where its row is."""
    has: tuple[Bar, ...]
    delivers: tuple[Bar, ...]
    steps: tuple[Bar, ...]
    gap: Bar | None
    says: str


@dataclass(frozen=True, slots=True)
class Drawing:
    run: played.Run
    height: float
    zero_x: float
    ticks: tuple[tuple[float, int], ...]
    states: tuple[Bar, ...]
    lanes: tuple[DrawnLane, ...]
    facts: tuple[tuple[str, str], ...]


@require_safe
@never_cache
async def rebalances(request: HttpRequest) -> HttpResponse:
    """Without a story in the address only the form."""
    asked = request.GET
    story = played.STORIES.get(asked.get("story", ""))
    said = asked.get("seed", "")
    seed = min(int(said), HIGHEST_SEED) if said.isascii() and said.isdigit() and len(said) < 19 else 1
    slow = story is None or asked.get("slow", "") == "yes"
    context: dict[str, Any] = {
        "home": HOME,
        "stories": played.STORIES.values(),
        "chosen": story.name if story else "joins",
        "seed": seed,
        "slow": slow,
        "highest_seed": HIGHEST_SEED,
        "slow_member": played.SLOW,
        "slow_work_ms": played.SLOW_WORK_MS,
        "slow_poll_records": played.SLOW_POLL_RECORDS,
        "shortened": played.SHORTENED,
    }
    if story is not None:
        async with _one_at_a_time:
            # Seconds of work: beside the event loop, where the lab is played.
            runs = await asyncio.to_thread(_compared, story, seed, slow)
        context |= {"story": story, "drawings": [drawing(story, run) for run in runs], "table": _table(runs)}
    return render(request, "labs/rebalances.html", context)


@lru_cache(maxsize=32)
def _compared(story: played.Story, seed: int, slow: bool) -> tuple[played.Run, ...]:
    return played.compare(story, seed, slow)


def _table(runs: tuple[played.Run, ...]) -> dict[str, Any]:
    members = [lane.member for lane in runs[0].lanes]
    return {
        "members": [(name, [run.lanes[index] for run in runs]) for index, name in enumerate(members)],
        "partitions": [(number, [run.partitions[number] for run in runs]) for number in range(len(runs[0].partitions))],
        "settled": [round(run.settled_us / 1000) for run in runs],
    }


def drawing(story: played.Story, run: played.Run) -> Drawing:
    first_us, last_us = -story.before_us, story.after_us

    def x(at_us: int) -> float:
        return round(LEFT + (at_us - first_us) / (last_us - first_us) * (RIGHT - LEFT), 2)

    def bar(span: played.Span, y: float, says: str, label: str = "", what: str = "") -> Bar:
        wide = round(max(1.5, x(span.end_us) - x(span.start_us)), 2)
        # A state that is too narrow for its name says at least which half of a rebalance it is.
        fitting = (it for it in (label, label.removesuffix("Rebalance")) if len(it) * LETTER < wide)
        return Bar(x(span.start_us), y, wide, f"{says}, {_during(span)}", next(fitting, ""), what)

    lanes = []
    y = float(AXIS + BAND + LANE_GAP + 6)
    for lane in run.lanes:
        rows = tuple((number, y + LANE_HEAD + number * ROW) for number in range(len(lane.has)))
        gap = None
        if lane.silence is not None and lane.silence.span.long_us > 2 * lane.silence.usual_us:
            words = f"{lane.silence.ms:,} ms"
            gap = bar(lane.silence.span, y + LANE_HEAD - 4, f"{lane.member} delivered nothing for {words}", words)
        lanes.append(
            DrawnLane(
                lane.member,
                y,
                bar(lane.alive, y, f"{lane.member} runs"),
                rows,
                tuple(
                    bar(span, row, f"{lane.member} has orders-{number}")
                    for number, row in rows
                    for span in lane.has[number]
                ),
                tuple(
                    bar(span, row, f"{lane.member} delivers from orders-{number}")
                    for number, row in rows
                    for span in lane.delivers[number]
                ),
                tuple(bar(span, y + 15, _step_says(span), what=span.what) for span in lane.steps),
                gap,
                _lane_says(lane),
            )
        )
        y += LANE_HEAD + len(rows) * ROW + LANE_GAP
    ticks = tuple((x(at_us), at_us // 1_000_000) for at_us in range(0, last_us + 1, TICK_US))
    states = tuple(bar(span, AXIS, f"The group is {span.what}", span.what, span.what) for span in run.states)
    facts = tuple((f"{at_us / 1000:+,.0f} ms", sentence) for at_us, sentence in run.told)
    return Drawing(run, y, x(0), ticks, states, tuple(lanes), facts)


def _during(span: played.Span) -> str:
    return f"from {span.start_us / 1000:,.0f} to {span.end_us / 1000:,.0f} ms"


def _step_says(span: played.Span) -> str:
    return {
        "unrevoked_partitions": "It must give up partitions and has not said yet that it did",
        "unreleased_partitions": "It waits for partitions that others still have",
    }.get(span.what, span.what)


def _lane_says(lane: played.Lane) -> str:
    return lane.gone if lane.silence is None else f"silent {lane.silence.ms:,} ms"
