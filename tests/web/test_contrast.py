"""The colours can be read: text 4.5:1 and graphics 3:1 (WCAG 1.4.3, 1.4.11), in the light and in the dark."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static/css/tokens.css").read_text(encoding="utf-8")
GROUNDS = ("surface", "sunk", "ground")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft", "ink-faint") for ground in (*GROUNDS, "offline-soft")),
    *((f"{hue}-ink", ground) for hue in ("produce", "fetch", "group", "fault", "accent") for ground in GROUNDS),
    *((f"{hue}-ink", f"{hue}-soft") for hue in ("produce", "fetch", "replicate", "group", "fault", "accent")),
    ("white", "leader"),
    ("white", "leader-dark"),
    ("on-accent", "accent"),
    ("surface", "offline"),
    ("surface", "fault-ink"),
    ("fault-ink", "offline-soft"),
]
GRAPHICS = [
    *((line, ground) for line in ("line-strong", "leader", "accent") for ground in GROUNDS),
    *((line, "surface") for line in ("fetch", "fault", "offline")),
    ("offline", "offline-soft"),
    ("fault", "ground"),
    ("fault-ink", "fault-soft"),
    ("produce-ink", "offline-soft"),
]


def colours(theme: str) -> dict[str, str]:
    light, *dark = re.split(r':root\[data-theme="dark"\] \{(?! color-scheme)', TOKENS)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light.partition("@media")[0])) | {"white": "#ffffff"}
    return found if theme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark[-1]))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (GRAPHICS, 3.0)], ids=["text", "graphics"])
def test_every_pair_of_colours_can_be_told_apart(theme: str, pairs: list[tuple[str, str]], least: float) -> None:
    known = colours(theme)
    assert known["surface"] == {"light": "#ffffff", "dark": "#161e27"}[theme]
    too_faint = {}
    for one, other in pairs:
        low, high = sorted((luminance(known[one]), luminance(known[other])))
        if (high + 0.05) / (low + 0.05) < least:
            too_faint[one, other] = round((high + 0.05) / (low + 0.05), 2)
    assert too_faint == {}
