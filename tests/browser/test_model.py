"""The page's reducer and the lab's own `apply` make the same of recorded frames."""

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from kafkalab.lab import apply

FRAMES = Path(__file__).parents[2] / "fixtures" / "frames"

FOLD = """async (frames) => {
  const { EMPTY, reduce } = await import("/static/js/model.js");
  return frames.reduce(reduce, EMPTY);
}"""


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FRAMES / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", sorted(path.name for path in FRAMES.glob("*.jsonl")))
def test_recorded_frames_give_the_same_view_in_the_browser(page: Page, name: str) -> None:
    frames = recorded(name)
    model = page.evaluate(FOLD, frames)
    assert (model["gap"], model["version"]) == (False, frames[-1]["version"])
    assert model["entities"] == reduce(apply, frames, {})


def test_a_missing_frame_is_noticed(page: Page) -> None:
    frames = recorded("rebalance.jsonl")
    model = page.evaluate(FOLD, [frames[0], *frames[2:3]])
    assert (model["gap"], model["version"]) == (True, frames[0]["version"])
    assert model["entities"] == frames[0]["entities"]
