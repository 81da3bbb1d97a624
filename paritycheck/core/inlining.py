"""Pages made fit for mail programs, which drop style sheets and keep every blank line."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_RULE: Final = re.compile(r"^\.([a-z0-9-]+) \{([^}]*)\}", re.MULTILINE)
_CLASS: Final = re.compile(r'class="([^"<>]*)"')


def rules_of(css: str) -> dict[str, str]:
    """Declarations by class, of a style sheet with one rule a class and no other selectors."""
    return {name: " ".join(declarations.split()) for name, declarations in _RULE.findall(css)}


def inlined(html: str, rules: Mapping[str, str]) -> str:
    """The page without its indentation, the rules of its classes in style attributes. No text of an agent can look
    like an attribute: its quotes are escaped.
    """

    def styled(found: re.Match[str]) -> str:
        style = " ".join(rules[name] for name in found[1].split() if name in rules)
        return f'{found[0]} style="{escape(style)}"' if style else found[0]

    return _CLASS.sub(styled, "\n".join(filter(None, map(str.strip, html.splitlines()))))


def tight(text: str) -> str:
    """What a template gave, with one blank line where its tags left several; no value in it holds a line break."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before) + "\n"
