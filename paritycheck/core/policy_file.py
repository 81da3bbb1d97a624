"""`parity.toml` read into a policy, or all its mistakes (the grammar: DESIGN.md, Policy)."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.globs import Globs
from paritycheck.core.policy import KINDS, MODES, TIERS, Environment, Mistake, Policy, PolicyError
from paritycheck.core.policy_reading import Reading, TooManyMistakesError
from paritycheck.core.policy_tools import read_tools
from paritycheck.core.policy_waivers import read_waivers
from paritycheck.core.toml_positions import Path, Positions

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LENGTH: Final = 64 * 1024
MAX_DOTS: Final = 100
"""In a line: tomllib takes 13 s for one dotted key that fills 64 KiB."""
MAX_SCOPES: Final = 20
_AGENT: Final = (
    "agent", "collect", "config", "dependencies", "docker", "fingerprints", "kubernetes", "migrations", "processes",
    "release", "runtime", "services",
)  # fmt: skip
"""Tables that only the agent reads: what they hold is no concern of the policy."""
_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_QUOTED: Final = re.compile(r"('[^']{2,}'|\"[^\"]{2,}\"|\(.*\))")


def read(text: str) -> Policy:
    """The policy of a `parity.toml`, or of `[tool.parity]` in a pyproject.toml. Raises PolicyError."""
    document, positions = parsed(text)
    reading = Reading(positions)
    policy = Policy()
    with suppress(TooManyMistakesError):
        policy = _policy(reading, *_root(document))
    if reading.mistakes:
        raise PolicyError(sorted(reading.mistakes, key=lambda one: (one["line"], one["column"])))
    return policy


def _whole(detail: str) -> Mistake:
    return {"line": 0, "column": 0, "detail": detail}


def parsed(text: str) -> tuple[dict[str, Any], Positions]:
    """A TOML text within the limits, and where everything stands in it. Raises PolicyError."""
    if len(text) > MAX_LENGTH:
        raise PolicyError([_whole(f"at most {MAX_LENGTH // 1024} KiB")])
    text = text.replace("\r\n", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise PolicyError([{"line": number, "column": 1, "detail": f"at most {MAX_DOTS} dots in a line"}])
    try:
        return (tomllib.loads(text), Positions(text))
    except RecursionError:
        raise PolicyError([_whole("nested too deeply")]) from None
    except ValueError as error:
        raise PolicyError([_syntax(str(error), text)]) from None


def _syntax(message: str, text: str) -> Mistake:
    """Tomllib's mistake, without what it repeats of the text."""
    found = _WHERE.search(message)
    detail = _QUOTED.sub("", message[: found.start()] if found else message).strip()
    if found is None or found[1] is None:
        lines = text.split("\n")
        return {"line": len(lines), "column": len(lines[-1]) + 1, "detail": detail}
    return {"line": int(found[1]), "column": int(found[2]), "detail": detail}


def _root(document: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    tool = document.get("tool")
    inner = tool.get("parity") if isinstance(tool, dict) else None
    return (("tool", "parity"), inner) if isinstance(inner, dict) else ((), document)


def _policy(reading: Reading, path: Path, root: dict[str, Any]) -> Policy:
    parts: dict[str, Any] = {}
    known = (*_READERS, "tools", "waivers", *_AGENT)
    for where, key, value in reading.entries(path, root, known):
        if key in _READERS:
            parts.update(_READERS[key](reading, where, value))
        elif key == "tools":
            tools = read_tools(reading, where, value)
            parts.update(tools=tools.general, pair_tools=tools.pairs)
            parts.update({} if tools.grace_s is None else {"grace_s": tools.grace_s})
        elif key == "waivers":
            parts["waivers"] = read_waivers(reading, where, value)
    return Policy(**parts)


def _project(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for where, key, item in reading.entries(path, value, ("name", "baseline", "repository", "scopes", "url")):
        if key in {"name", "baseline"}:
            parts[key] = reading.slug(where, item)
    return parts


def _environments(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    found: dict[str, Environment] = {}
    for slug, item in reading.table(path, value).items():
        where = (*path, slug)
        if reading.slug(where, slug) is not None:
            found[slug] = _environment(reading, where, item)
    return {"environments": found}


def _environment(reading: Reading, path: Path, value: Any) -> Environment:
    parts: dict[str, Any] = {}
    for where, key, item in reading.entries(path, value, ("tier", "kind", "ttl")):
        if key == "ttl":
            parts["ttl_s"] = reading.duration(where, item)
        else:
            parts[key] = reading.word(where, item, TIERS if key == "tier" else KINDS, key)
    return Environment(**parts)


def _time(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    limits: dict[str, int] = {}
    for where, _, item in reading.entries(path, value, ("max-age",)):
        for name, limit in reading.table(where, item).items():
            seconds = reading.duration((*where, name), limit)
            if reading.slug((*where, name), name) is not None and seconds is not None:
                limits[name] = seconds
    return {"max_age": limits}


def _personnel(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for where, key, item in reading.entries(path, value, ("mode", "window")):
        if key == "mode" and isinstance(item, dict):
            parts["modes"] = _modes(reading, where, item)
        elif key == "mode":
            parts["mode"] = reading.word(where, item, MODES, "mode")
        else:
            parts["window_s"] = reading.duration(where, item)
    return parts


def _modes(reading: Reading, path: Path, value: dict[str, Any]) -> dict[str, str]:
    """By environment or tier."""
    modes: dict[str, str] = {}
    for name, item in value.items():
        mode = reading.word((*path, name), item, MODES, "mode")
        if reading.slug((*path, name), name) is not None and mode is not None:
            modes[name] = mode
    return modes


def _owners(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    globs: list[tuple[str, str, Path]] = []
    for key, item in reading.table(path, value).items():
        pattern = reading.glob((*path, key), key, key=True)
        owner = reading.text((*path, key), item)
        if pattern is not None and owner is not None:
            globs.append((pattern, owner, (*path, key)))
    reading.ties(globs)
    return {"owners": Globs((pattern, owner) for pattern, owner, _ in globs)}


def _teams(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    teams: dict[str, tuple[str, ...]] = {}
    for name, members in reading.table(path, value).items():
        where = (*path, name)
        if reading.text(where, name) is not None:
            teams[name] = tuple(member for _, member in reading.items(where, members, reading.text))
    return {"teams": teams}


def _scopes(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    """A glob or a list of them by name; whose paths they are is the agent's to say."""
    scopes: dict[str, tuple[str, ...]] = {}
    for name, item in reading.table(path, value).items():
        where = (*path, name)
        one = reading.glob(where, item) if isinstance(item, str) else None
        several = () if isinstance(item, str) else reading.items(where, item, reading.glob)
        if reading.slug(where, name) is not None:
            scopes[name] = tuple(glob for _, glob in several) if one is None else (one,)
    if len(scopes) > MAX_SCOPES:
        reading.mistake(path, f"at most {MAX_SCOPES} scopes", key=True)
    return {"scopes": scopes}


def _freshness(reading: Reading, path: Path, value: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for where, _, item in reading.entries(path, value, ("unknown-after",)):
        parts["unknown_after_s"] = reading.duration(where, item)
    return parts


_READERS: Final[dict[str, Callable[[Reading, Path, Any], dict[str, Any]]]] = {
    "project": _project,
    "environments": _environments,
    "time": _time,
    "personnel": _personnel,
    "owners": _owners,
    "teams": _teams,
    "freshness": _freshness,
    "scopes": _scopes,
}
