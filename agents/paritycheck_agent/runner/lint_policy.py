"""`parity lint`: parity.toml as the server will read it, so that a mistake shows before it is sent.

What the server judges alone is whether two patterns tie.
"""

from __future__ import annotations

import os

from paritycheck_agent.config import ConfigError, policy_text
from paritycheck_agent.runner.lint_findings import ERROR, WARNING, Finding
from paritycheck_agent.runner.lint_reading import Reading
from paritycheck_agent.wire import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from paritycheck_agent.runner.lint_reading import Path

SECTIONS = ("dependencies", "services", "config", "runtime", "processes", "migrations")
TIERS = ("development", "testing", "staging", "production", "other")
KINDS = ("persistent", "cohort", "ephemeral")
MODES = ("involve", "segregate", "off")
_DOTS, _SCOPES = 100, 20
_WORDS = {"dependencies": ("direct", "transitive"), "config": ("expect",)}
# What the agent reads of its own tables; None where names are the user's.
OWN: dict[str, tuple[str, ...] | None] = {
    "agent": ("collect", "python"),
    "config": ("env-files", "fingerprint", "mode", "names", "plain"),
    "dependencies": ("folders", "sbom", "system"),
    "docker": ("enabled", "label"),
    "fingerprints": ("key-file",),
    "processes": ("units",),
    "release": ("default-branch", "subjects"),
}
_OTHERS = ("collect", "kubernetes", "migrations", "runtime", "services")


def examine(root: str, now: float) -> tuple[list[Finding], dict[str, Any]]:
    """Return what is wrong with the policy, and its document, empty where it cannot be read; raise ConfigError."""
    from paritycheck_agent import toml

    try:
        path, text = policy_text(root)
    except ConfigError as error:
        path, line, column = _place(error.where, root)
        return [_finding("policy-syntax", (path, line, column), error.what)], {}
    if not text.strip():
        return [], {}
    fault = _too_large(text)
    if fault:
        return [_finding("policy-syntax", (path, *fault[:2]), fault[2])], {}
    try:
        document = toml.load(text)
    except toml.TomlError as error:
        return [_finding("policy-syntax", (path, error.line, error.column), error.detail)], {}
    reading = Reading(path, toml.positions(text), now)
    judge(reading, document)
    return reading.findings, {key: value for key, value in document.items() if _is_usable(key, value)}


def _place(where: str, root: str) -> tuple[str, int, int]:
    """Return path, line and column of `parity.toml:3:5`."""
    path, _colon, rest = os.path.relpath(where, root).partition(":") if os.path.isabs(where) else where.partition(":")
    line, _colon, column = rest.partition(":")
    return os.path.basename(path), int(line or 0), int(column or 0)


def _too_large(text: str) -> tuple[int, int, str] | None:
    if len(text.encode()) > limits.POLICY_BYTES:
        return 0, 0, f"more than {limits.POLICY_BYTES // 1024} KiB"
    rows = (number for number, row in enumerate(text.split("\n"), 1) if row.count(".") > _DOTS)
    number = next(rows, 0)
    return (number, 1, f"more than {_DOTS} dots in a line") if number else None


def _finding(rule: str, place: tuple[str, int, int], text: str) -> Finding:
    found = Finding(rule, ERROR, place[:2], text, "the server keeps the last policy without mistakes in force")
    found.column = place[2]
    return found


def _is_usable(key: str, value: Any) -> bool:
    """Whether a table has the form that the rest of the agent relies on."""
    return isinstance(value, list) if key == "waivers" else isinstance(value, dict)


def judge(reading: Reading, document: dict[str, Any]) -> None:
    """Note every mistake of a policy's document."""
    from paritycheck_agent import own_tables

    known = (*_READERS, "tools", "waivers", *OWN, *_OTHERS)
    for path, key, value in reading.entries((), document, known):
        if key in _READERS:
            _READERS[key](reading, path, value)
        elif key == "tools":
            _tools(reading, path, value)
        elif key == "waivers":
            from paritycheck_agent.runner import lint_waivers

            lint_waivers.read(reading, path, value)
        elif OWN.get(key) and isinstance(value, dict):
            list(reading.entries(path, value, OWN[key] or (), WARNING))
    for path, what in own_tables.mistakes(document):
        reading.mistake(path, f"{'.'.join(path)} {what}")


def _project(reading: Reading, path: Path, value: Any) -> None:
    known = ("name", "baseline", "repository", "scopes", "url")
    for where, key, item in reading.entries(path, value, known):
        if key in ("name", "baseline"):
            reading.slug(where, item)


def _environments(reading: Reading, path: Path, value: Any) -> None:
    for slug, item in reading.table(path, value).items():
        if reading.slug((*path, slug), slug):
            for where, key, word in reading.entries((*path, slug), item, ("tier", "kind", "ttl")):
                if key == "ttl":
                    reading.duration(where, word)
                else:
                    reading.word(where, word, TIERS if key == "tier" else KINDS, key)


def _time(reading: Reading, path: Path, value: Any) -> None:
    for where, _key, item in reading.entries(path, value, ("max-age",)):
        for name, limit in reading.table(where, item).items():
            reading.duration((*where, name), limit)
            reading.slug((*where, name), name)


def _personnel(reading: Reading, path: Path, value: Any) -> None:
    for where, key, item in reading.entries(path, value, ("mode", "window")):
        if key == "window":
            reading.duration(where, item)
        elif isinstance(item, dict):
            for name, mode in item.items():
                reading.word((*where, name), mode, MODES, "mode")
                reading.slug((*where, name), name)
        else:
            reading.word(where, item, MODES, "mode")


def _owners(reading: Reading, path: Path, value: Any) -> None:
    for key, item in reading.table(path, value).items():
        reading.glob((*path, key), key)
        reading.text((*path, key), item)


def _teams(reading: Reading, path: Path, value: Any) -> None:
    for name, members in reading.table(path, value).items():
        reading.text((*path, name), name)
        reading.items((*path, name), members, reading.text)


def _scopes(reading: Reading, path: Path, value: Any) -> None:
    scopes = reading.table(path, value)
    for name, item in scopes.items():
        if isinstance(item, str):
            reading.glob((*path, name), item)
        else:
            reading.items((*path, name), item, reading.glob)
        reading.slug((*path, name), name)
    if len(scopes) > _SCOPES:
        reading.mistake(path, f"at most {_SCOPES} scopes")


def _freshness(reading: Reading, path: Path, value: Any) -> None:
    for where, _key, item in reading.entries(path, value, ("unknown-after",)):
        reading.duration(where, item)


def _tools(reading: Reading, path: Path, value: Any) -> None:
    rules = reading.table(path, value)
    pairs = {key: item for key, item in rules.items() if ".." in key}
    rest = {key: item for key, item in rules.items() if key not in pairs}
    for where, key, item in reading.entries(path, rest, (*SECTIONS, "grace")):
        if key == "grace":
            reading.duration(where, item)
        else:
            _section(reading, where, key, item)
    for key, item in pairs.items():
        reading.pair((*path, key), key)
        for where, section, inner in reading.entries((*path, key), item, SECTIONS):
            _section(reading, where, section, inner)


def _section(reading: Reading, path: Path, section: str, value: Any) -> None:
    words = _WORDS.get(section, ())

    def pattern(where: Path, item: Any) -> None:
        reading.pattern(where, item, section)

    for key, item in reading.table(path, value).items():
        where, word = (*path, key), key.replace("_", "-")
        if word in words:
            reading.expectation(where, item)
        elif word == "only-in":
            for place, patterns in reading.table(where, item).items():
                if reading.slug((*where, place), place):
                    reading.items((*where, place), patterns, pattern)
        elif word in reading.EXPECTATIONS and isinstance(item, list):
            reading.items(where, item, pattern)
        else:
            _by_name(reading, where, (key, item), section)


def _by_name(reading: Reading, path: Path, entry: tuple[str, Any], section: str) -> None:
    """`"glob" = "expectation"`, unless the key looks like a misspelt word of the section."""
    key, item = entry
    hint = reading.suggestion(key, (*_WORDS.get(section, ()), "only-in", *reading.EXPECTATIONS), 0.8)
    if hint or not isinstance(item, str):
        reading.mistake(path, f"{reading.quoted(key)} is not known here{hint}", "policy-unknown-key")
    else:
        reading.pattern(path, key, section)
        reading.expectation(path, item)


_READERS: dict[str, Callable[[Reading, Path, Any], None]] = {
    "project": _project,
    "environments": _environments,
    "time": _time,
    "personnel": _personnel,
    "owners": _owners,
    "teams": _teams,
    "scopes": _scopes,
    "freshness": _freshness,
}
