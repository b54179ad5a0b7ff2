"""The delivery ledger as a list: what became of each of the last records, two hundred at a time.

A page is put together in small portions, as everything else on the event loop waits for each.
"""

import asyncio
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import FATES, Lab, Place, Row, Wanted, fates
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of

ROWS = 200
PORTIONS = 40
"""Of one page at most: a rare fate may be far back."""

MARKS = {
    "lost_after_ack": "✕",
    "failed": "✕",
    "lost_before_ack": "✕",
    "passed_over": "✕",
    "duplicated": "▲",
    "aborted": "▲",
    "dropped": "-",
    "waiting": "…",
}
"""The fates that go first, the worst first of all, each with its sign."""
SHORT = {name: says.partition(":")[0] for name, says in FATES.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """A row in words."""

    row: Row
    mark: str
    state: str
    head: str
    rest: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.row.topic} {self.row.partition} {self.row.offset}"

    @property
    def partition_id(self) -> str:
        return f"partition:{self.row.topic}:{self.row.partition}"


@require_safe
@never_cache
async def ledger(request: HttpRequest, name: str) -> HttpResponse:
    """Rows of one fate, of all topics or one, with any key or one; from the newest down, or from `before`."""
    lab = await open_labs.opened(name, owner_of(request))
    asked = request.GET
    wanted = Wanted(asked.get("fate", "sent"), asked.get("topic", ""), asked.get("key", ""))
    if wanted.fate not in FATES:
        raise Http404("There is no such fate of a record.")
    rows, more = await _rows(lab, wanted, _place(asked.get("before", "")))
    lots = fates(lab, wanted, most=0)
    context = {
        "name": name,
        "wanted": wanted,
        "said": SHORT[wanted.fate],
        "told": [told(row) for row in rows],
        "more": f"{more.lot}-{more.index}" if more is not None else "",
        "goes_on": bool(asked.get("before")),
        "kept": lots.kept,
        "forgotten": lots.forgotten,
    }
    return render(request, "labs/_ledger_rows.html", context)


async def _rows(lab: Lab, wanted: Wanted, before: Place | None) -> tuple[list[Row], Place | None]:
    rows: list[Row] = []
    for _ in range(PORTIONS):
        part = fates(lab, wanted, before, ROWS - len(rows))
        rows += part.rows
        before = part.more
        if before is None or len(rows) == ROWS:
            break
        await asyncio.sleep(0)
    return rows, before


def _place(said: str) -> Place | None:
    lot, _, index = said.partition("-")
    if lot.isascii() and lot.isdigit() and index.isascii() and index.isdigit() and len(said) < 40:
        return Place(int(lot), int(index))
    return None


def told(row: Row) -> Told:
    worst = next((fate for fate in MARKS if fate in row.fates), "")
    head = {
        "lost_after_ack": "Lost after ack",
        "failed": f"Failed: {row.error}",
        "lost_before_ack": "Lost before ack",
        "passed_over": "Passed over: committed, and nobody worked on it",
        "duplicated": f"Twice in the log, at {_offsets(row)}" if len(row.copies) > 1 else "Delivered again",
        "aborted": "Its transaction was aborted",
        "dropped": f"Dropped: {row.dropped}",
        "waiting": f"Not acked yet{f': {row.error}' if row.error else ''}",
        "": _well(row),
    }[worst]
    return Told(row, MARKS.get(worst, "✓"), worst or "well", head, tuple(_rest(row, worst)))


def _well(row: Row) -> str:
    if "acked" in row.fates:
        return "Acked"
    return f"Stored, though {row.error}" if row.error else "Sent with acks=0: nobody says"


def _offsets(row: Row) -> str:
    return " and ".join(str(offset) for offset in sorted(row.copies))


def _rest(row: Row, worst: str) -> list[str]:
    said = []
    if row.attempts == 0:
        said.append("it never left its producer")
    if row.attempts > 1:
        said.append(f"sent {row.attempts} times")
    if worst in ("lost_after_ack", "aborted", "duplicated", "dropped") and "acked" in row.fates:
        said.append("acked")
    if worst != "dropped" and row.offset is not None:
        said.append(_held(row))
    if row.transaction == "open":
        said.append("its transaction is open")
    if "visible" in row.fates:
        said.append("visible")
    for reader in row.readers:
        times = "" if reader.times == 1 else f" {reader.times} times"
        said.append(f"delivered{times} to {reader.name}")
    if row.committed_by:
        said.append(f"committed by {', '.join(row.committed_by)}")
    return said


def _held(row: Row) -> str:
    if not row.replicas:
        return "on no broker"
    brokers = ", ".join(str(broker) for broker in sorted(row.replicas))
    if not row.may_lead:
        return f"only on {brokers}, which may not lead"
    return f"on {brokers}"
