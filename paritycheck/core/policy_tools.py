"""`[tools]` of a `parity.toml`: expectations by section, in general and for single pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.facts import SECTIONS
from paritycheck.core.globs import Globs
from paritycheck.core.policy import EXPECTATIONS, Demand, SectionRules
from paritycheck.core.policy_reading import quoted, suggestion

if TYPE_CHECKING:
    from paritycheck.core.policy_reading import Reading
    from paritycheck.core.toml_positions import Path

JUDGED: Final = tuple(section for section in SECTIONS if section != "release")
_WORDS: Final = {"dependencies": ("direct", "transitive"), "config": ("expect",)}
_ONLY_IN: Final = "only-in"
_NEAR: Final = 0.8


@dataclass(slots=True)
class Tools:
    general: dict[str, SectionRules] = field(default_factory=dict)
    pairs: dict[str, dict[str, SectionRules]] = field(default_factory=dict)
    grace_s: int | None = None


def read_tools(reading: Reading, path: Path, value: Any) -> Tools:
    """`grace`, a table a section, and a table a pair (`[tools."staging..production".services]`).

    The keys of `[tools.processes]` are globs over process types (`web`) and what is told of them (`web.stop-signal`,
    `web.log-driver`). There `present` asks for the type and the program that it is, of any version.
    """
    tools = Tools()
    table = reading.table(path, value)
    pairs = {key: item for key, item in table.items() if ".." in key}
    rest = {key: item for key, item in table.items() if key not in pairs}
    for where, key, item in reading.entries(path, rest, (*JUDGED, "grace")):
        if key == "grace":
            tools.grace_s = reading.duration(where, item)
        else:
            tools.general[key] = _section(reading, where, key, item)
    for key, item in pairs.items():
        pair = reading.pair((*path, key), key, key=True)
        sections = {
            section: _section(reading, where, section, rules)
            for where, section, rules in reading.entries((*path, key), item, JUDGED)
        }
        if pair is not None:
            tools.pairs[pair] = sections
    return tools


@dataclass(slots=True)
class _Gathered:
    fallbacks: dict[str, str] = field(default_factory=dict)
    globs: list[tuple[str, Demand, Path]] = field(default_factory=list)


def _section(reading: Reading, path: Path, section: str, value: Any) -> SectionRules:
    gathered = _Gathered()
    for key, item in reading.table(path, value).items():
        _entry(reading, (*path, key), section, (key, item), gathered)
    patterns = _merged(gathered.globs)
    reading.ties(patterns)
    return SectionRules(Globs((pattern, demand) for pattern, demand, _ in patterns), gathered.fallbacks)


def _entry(reading: Reading, path: Path, section: str, entry: tuple[str, Any], gathered: _Gathered) -> None:
    key, item = entry
    word = key.replace("_", "-")
    if word in _WORDS.get(section, ()):
        expectation = reading.expectation(path, item)
        if expectation is not None:
            gathered.fallbacks[word] = expectation
    elif word == _ONLY_IN:
        _only_in(reading, path, section, item, gathered)
    elif word in EXPECTATIONS and isinstance(item, list):
        for where, pattern in reading.items(path, item, reading.glob):
            _add(reading, where, section, (pattern, Demand(word)), gathered)
    else:
        _by_name(reading, path, section, entry, gathered)


def _by_name(reading: Reading, path: Path, section: str, entry: tuple[str, Any], gathered: _Gathered) -> None:
    """`"glob" = "expectation"`, unless the key looks like a misspelt word of the section."""
    key, item = entry
    words = (*_WORDS.get(section, ()), _ONLY_IN, *EXPECTATIONS)
    hint = suggestion(key, words, cutoff=_NEAR)
    if hint or not isinstance(item, str):
        reading.mistake(path, f"{quoted(key)} is not known here{hint}", key=True)
        return
    pattern = reading.glob(path, key, key=True)
    expectation = reading.expectation(path, item)
    if pattern is not None and expectation is not None:
        _add(reading, path, section, (pattern, Demand(expectation)), gathered)


def _only_in(reading: Reading, path: Path, section: str, item: Any, gathered: _Gathered) -> None:
    for place, patterns in reading.table(path, item).items():
        where = (*path, place)
        if reading.slug(where, place) is None:
            continue
        for at, pattern in reading.items(where, patterns, reading.glob):
            _add(reading, at, section, (pattern, Demand("absent", (place,))), gathered)


def _add(reading: Reading, path: Path, section: str, rule: tuple[str, Demand], gathered: _Gathered) -> None:
    pattern, demand = rule
    if section == "dependencies":
        pattern = _package(pattern)
        if not pattern.startswith(("pkg:", "*", "?", "[")):
            detail = "packages go by purl, such as `pkg:pypi/django` or `pkg:npm/@types/*`"
            reading.mistake(path, detail, key=not isinstance(path[-1], int))
            return
    gathered.globs.append((pattern, demand, path))


def _package(pattern: str) -> str:
    """In a purl the `@` of an npm scope is written `%40`; in a policy a leading `@` is read as that."""
    pattern = pattern.replace("/@", "/%40")
    return "%40" + pattern[1:] if pattern.startswith("@") else pattern


def _merged(globs: list[tuple[str, Demand, Path]]) -> list[tuple[str, Demand, Path]]:
    """The same pattern with the same demand once; `only-in` of several places as one demand."""
    merged: dict[tuple[str, str, bool], tuple[str, Demand, Path]] = {}
    for pattern, demand, path in globs:
        key = (pattern, demand.word, bool(demand.places))
        if key in merged:
            _, earlier, where = merged[key]
            merged[key] = (pattern, Demand(demand.word, tuple(sorted({*earlier.places, *demand.places}))), where)
        else:
            merged[key] = (pattern, demand, path)
    return list(merged.values())
