"""The colour tokens as the stylesheet defines them: shown by the design page, measured by the tests."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

STYLESHEET = Path(__file__).parent / "static" / "paritycheck" / "paritycheck.css"
TOKEN = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")


@dataclass(frozen=True, slots=True)
class Token:
    """A colour by name, as `#rrggbb`, on light and on dark ground."""

    name: str
    light: str
    dark: str


@lru_cache(maxsize=1)
def shown() -> tuple[Token, ...]:
    """Every colour token in the stylesheet's order."""
    return tuple(Token(*found.groups()) for found in TOKEN.finditer(STYLESHEET.read_text(encoding="utf-8")))
