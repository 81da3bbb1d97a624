"""What the page of the design language shows: every colour with its use and its measured contrast, scales, samples."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from paritycheck.web import tokens
from paritycheck.web.colours import SIMULATED, contrast, nearest_pair, simulated
from paritycheck.web.icons import PATHS
from paritycheck.web.samples import SAMPLES
from paritycheck.web.tokens import Token

SURFACES: Final = ("surface-0", "surface-1", "surface-2")
MARKS: Final = ("error-mark", "warning-mark", "note-mark", "ok-mark")
SPACES: Final = (2, 4, 8, 12, 16, 24, 32, 48)
RADII: Final = ((4, "badge, cell"), (6, "control"), (10, "panel"))
TREND: Final = (3, 3, 4, 4, 6, 5, 7, 9, 9, 12, 11, 14)
# By group: what it means, and of each token its use. A test asks that every token stands in one.
USES: Final = (
    ("Ground", "Quiet steps, so that hairlines and space do the work.", {
        "surface-0": "page", "surface-1": "panel, table, field", "surface-2": "table head, chosen row",
        "surface-3": "hover, pressed, skeleton", "line": "hairlines, no meaning", "code-bg": "code",
        "line-strong": "control borders, dashed frames",
    }),
    ("Ink", "Three weights of text. Same and waived are the palest.", {
        "ink-1": "text, the solid button", "ink-2": "secondary text, equal values", "ink-3": "hints, same, waived",
        "on-solid": "text on ink", "code-ink": "text of code", "accent": "links", "focus": "the ring",
    }),
    ("Severity", "Red, amber, blue and green mean this and nothing else.", {
        "error": "text, sign", "error-mark": "icon, edge", "error-bg": "cell",
        "warning": "text, sign", "warning-mark": "icon", "warning-bg": "cell",
        "note": "text, sign", "note-mark": "icon", "note-bg": "cell",
        "ok": "bands, gate; never a cell", "ok-mark": "icon", "ok-bg": "band, added line",
    }),
    ("Unknown", "Hatched. Never white, never red.", {
        "unknown": "text on a plate", "unknown-bg": "the plate", "unknown-hatch": "1 px lines, every 6 px",
    }),
    ("Gaps", "Hues of charts and tiles, always with icon and word.", {
        "time": "time gap", "personnel": "personnel gap", "tools": "tools gap",
    }),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Swatch:
    """A token, its use, and the least contrast on light and on dark ground where it is drawn upon something."""

    token: Token
    use: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Eyes:
    """The four marks as certain eyes see them, on light and dark ground, and how near the two nearest are."""

    name: str
    light: tuple[str, ...]
    dark: tuple[str, ...]
    nearest: str


def _grounds(name: str) -> tuple[str, ...]:
    """What a token is drawn upon; nothing for a ground itself."""
    if name.startswith("ink"):
        return (*SURFACES, "surface-3")
    if name == "on-solid":
        return ("ink-1",)
    if name == "code-ink":
        return ("code-bg",)
    if name.startswith(("surface", "line")) and name != "line-strong":
        return ()
    if name.endswith(("-bg", "-hatch")):
        return ()
    own = f"{name.removesuffix('-mark')}-bg"
    return (*SURFACES, own) if own in {token.name for token in tokens.shown()} and name != "code" else SURFACES


def _swatch(token: Token, use: str) -> Swatch:
    by_name = {each.name: each for each in tokens.shown()}
    grounds = [by_name[name] for name in _grounds(token.name)]
    light = min((contrast(token.light, ground.light) for ground in grounds), default=0)
    dark = min((contrast(token.dark, ground.dark) for ground in grounds), default=0)
    return Swatch(token, use, f"{light:.1f}" if light else "", f"{dark:.1f}" if dark else "")


def _eyes(name: str) -> Eyes:
    by_name = {each.name: each for each in tokens.shown()}
    light, dark = ([getattr(by_name[mark], theme) for mark in MARKS] for theme in ("light", "dark"))
    if name in SIMULATED:
        light, dark = ([simulated(colour, name) for colour in colours] for colours in (light, dark))
    nearest = f"{nearest_pair(light):.0f} / {nearest_pair(dark):.0f}"
    return Eyes(name, tuple(light), tuple(dark), nearest)


@cache
def shown() -> dict[str, Any]:
    """Everything of the page; the stylesheet does not change while the server runs."""
    by_name = {each.name: each for each in tokens.shown()}
    return {
        "groups": [
            (title, says, [_swatch(by_name[name], use) for name, use in uses.items()]) for title, says, uses in USES
        ],
        "eyes": [_eyes(name) for name in ("all cones", *SIMULATED)],
        "marks": [mark.removesuffix("-mark") for mark in MARKS],
        "spaces": SPACES,
        "radii": RADII,
        "trend": TREND,
        "icons": sorted(PATHS),
        "samples": SAMPLES,
    }
