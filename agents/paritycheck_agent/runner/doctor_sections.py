"""What was collected, told section by section: what is there and where from, what is missing, why, and what to do.

Reads the facts that would be sent, behind all redaction: what is no fact is not shown either.
"""

from __future__ import annotations

from paritycheck_agent.runner.findings import NOTE, OK, WARNING, Finding, meaning
from paritycheck_agent.wire.canonical import join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from paritycheck_agent.runner.collecting import Part

    Facts = list[dict[str, Any]]

_SHOWN = 8
_EMPTY = {
    "services": (
        "no backing service is attached: no name such as DATABASE_URL leads to one",
        "run it with the application's environment, or name its files: [config] env-files in parity.toml",
    ),
    "config": (
        "no configuration names: no .env.example, .env, compose file or app.json here",
        "a .env.example that lists what the application reads shows where a key is missing",
    ),
    "dependencies": (
        "no lock file that is read, and no installed packages",
        "[dependencies] folders in parity.toml names folders to look in",
    ),
    "processes": (
        "no Procfile, compose file or Dockerfile here, and no unit of systemd that runs from here",
        "a Procfile, or [processes] units in parity.toml, says which programs make up the application",
    ),
    "migrations": (
        "no migrations of Django, Alembic, Rails, Flyway, Prisma or Knex here",
        "where there are some in a folder below, -C names the folder that holds manage.py, db/migrate or the like",
    ),
}
_INSTALLED = {"pkg:pypi": "in the interpreter", "pkg:npm": "in node_modules"}
# What the collector says of an empty section is told in more words.
_SAID_ABOVE = "no lock file that is read"
_VIA = {
    "handshake": "asked, by its greeting",
    "auth": "asked, logged in",
    "inferred": "asked, and inferred",
    "declared": "not asked: as a file declares",
    "scheme": "not asked: as the URL says",
}


def examine(part: Part) -> Iterator[Finding]:
    """Yield what is to be told of one section."""
    if part.reason:
        means, helps = meaning(part.reason)
        level = NOTE if part.reason in {"disabled", "not-collected"} else WARNING
        yield Finding(part.section, level, f"{part.reason}: {means}", helps)
        return
    joined = join(part.facts, part.evidence)
    facts: Facts = joined["facts"]
    warnings = [str(text) for text in joined.get("warnings") or ()]
    if facts:
        yield from _TELLERS.get(part.section, _plainly)(facts, part.section)
    elif part.section in _EMPTY:
        text, hint = _EMPTY[part.section]
        yield Finding(part.section, NOTE, text, hint)
    else:
        yield Finding(part.section, NOTE, "nothing is here that it tells of")
    for text in warnings:
        if facts or not text.startswith(_SAID_ABOVE):
            yield Finding(part.section, WARNING, text)


def _dependencies(facts: Facts, area: str) -> Iterator[Finding]:
    for place, count in _by_place(facts):
        if place != "installed":
            yield Finding(area, OK, f"{_count(count, 'package')} in {place}")
    for ecosystem, count in sorted(_installed(facts).items()):
        where = _INSTALLED.get(ecosystem, "by the system's package manager")
        yield Finding(area, OK, f"{_count(count, 'package')} installed {where}")
    other = [fact for fact in facts if fact.get("locked") and "value" in fact]
    if other:
        text = f"{_count(len(other), 'package')} installed in another version than locked: {_names(other)}"
        yield Finding(area, WARNING, text, "install from the lock file again")
    loose = [fact for fact in facts if fact.get("locked") == "" and "value" in fact]
    if loose:
        text = f"{_count(len(loose), 'package')} installed and not locked: {_names(loose)}"
        yield Finding(area, WARNING, text, "lock them, or remove them")
    gone = [fact for fact in facts if fact.get("absent")]
    if gone:
        text = f"{_count(len(gone), 'package')} locked and not installed: {_names(gone)}"
        yield Finding(area, WARNING, text, "install from the lock file again")
    yield from _unknown(facts, area)


def _installed(facts: Facts) -> dict[str, int]:
    """Return how many packages of each ecosystem are installed."""
    counts: dict[str, int] = {}
    for fact in facts:
        if "installed" in fact.get("sources", ()):
            ecosystem = fact["name"].partition("/")[0]
            counts[ecosystem] = counts.get(ecosystem, 0) + 1
    return counts


def _migrations(facts: Facts, area: str) -> Iterator[Finding]:
    """Tell units whole, `django/shop`: several tools may name one alike."""
    for fact in facts:
        if "unknown" not in fact:
            applied = "nothing applied" if fact.get("absent") else f"{_value(fact)} applied"
            waiting = f", {_heads(fact['code'])} in the code" if _waits(fact) else ""
            yield Finding(area, WARNING if waiting else OK, f"{fact['name']}: {applied}{waiting}")
        elif fact["unknown"] == "not-collected":
            text = f"{fact['name']}: {_heads(fact.get('code', 'none'))} in the code; no database tells what is applied"
            hint = "run it with the application's environment, where DATABASE_URL or the like is set"
            yield Finding(area, WARNING, text, hint)
    yield from _unknown([fact for fact in facts if fact.get("unknown") != "not-collected"], area)


def _waits(fact: dict[str, Any]) -> bool:
    return "code" in fact and fact["code"] != fact.get("value")


def _heads(heads: Any) -> str:
    return heads if isinstance(heads, str) else " and ".join(str(head) for head in heads)


def _services(facts: Facts, area: str) -> Iterator[Finding]:
    details: dict[str, int] = {}
    for fact in facts:
        if "." in fact["name"]:
            handle = fact["name"].partition(".")[0]
            details[handle] = details.get(handle, 0) + 1
    for fact in facts:
        if "." not in fact["name"]:
            yield _service(fact, area, details.get(fact["name"], 0))


_NOT_ASKED = ("this kind is not asked yet", 'version = "7.0" under [services.NAME] in parity.toml tells what runs')


def _service(fact: dict[str, Any], area: str, details: int) -> Finding:
    keys, reason = ", ".join(fact.get("keys", ())), fact.get("unknown", "")
    places = [place for place in fact.get("sources", ()) if place not in {"probe", keys}]
    attached = (f"{keys} in " if keys else "") + ", ".join(places)
    kind = f"{fact['name']}: {fact.get('kind', 'kind not known')}"
    via = _VIA.get(fact.get("via", ""), "")
    if reason:
        means, helps = meaning(reason) if reason != "not-collected" else _NOT_ASKED
        return Finding(area, WARNING, f"{kind} of unknown version, {reason}: {means} ({attached})", helps)
    more = f", {_count(details, 'setting and extension', 'settings and extensions')}" if details else ""
    if "value" not in fact:
        return Finding(area, OK, f"{kind}{more} ({attached})")
    if "declared" in fact:
        text = f"{kind} {fact['value']} runs, and {fact['declared']} is declared ({attached})"
        return Finding(area, WARNING, text, "start what is declared, or declare what runs")
    return Finding(area, OK, f"{kind} {fact['value']}{more}, {via} ({attached})")


def _config(facts: Facts, area: str) -> Iterator[Finding]:
    for place, count in _by_place(facts):
        told = "set in this process" if place == "env" else f"in {place}"
        yield Finding(area, OK, f"{_count(count, 'name')} {told}")
    missing = [fact for fact in facts if fact.get("absent")]
    if missing:
        text = f"{_count(len(missing), 'name')} declared and not set here: {_names(missing)}"
        hint = "set them, or run parity with the environment that the application has"
        yield Finding(area, WARNING, text, hint)
    if not any(fact.get("declared") for fact in facts):
        text = "no file declares which names the application reads"
        yield Finding(area, NOTE, text, "a .env.example does; then a missing one is seen")
    if not any("fps" in fact for fact in facts):
        text = "no fingerprints: whether two environments share a secret is not seen"
        yield Finding(area, NOTE, text, "`parity keygen` makes a key, PARITY_KEY_FILE names it")
    yield from _unknown(facts, area)


def _plainly(facts: Facts, area: str) -> Iterator[Finding]:
    """Tell each value that is short; of many facts the first."""
    told = [f"{fact['name']} {_value(fact)}" for fact in facts if "value" in fact]
    told += [
        " ".join([fact["name"], fact.get("kind", "")]).rstrip()
        for fact in facts
        if "value" not in fact and not _is_open(fact)
    ]
    for start in range(0, min(len(told), 2 * _SHOWN), 4):
        yield Finding(area, OK, ", ".join(told[start : start + 4]))
    if len(told) > 2 * _SHOWN:
        yield Finding(area, OK, f"and {len(told) - 2 * _SHOWN} more: `parity show` has them all")
    for fact in facts:
        if isinstance(fact.get("declared"), str) and "value" in fact:
            text = f"{fact['name']} {_value(fact)} is here, and {fact['declared']} is declared"
            yield Finding(area, WARNING, text, "install what is declared, or declare what is meant to run")
    absent = [fact["name"] for fact in facts if fact.get("absent")]
    if absent:
        yield Finding(area, NOTE, f"looked for and not there: {_listed(absent)}")
    yield from _unknown(facts, area)


def _is_open(fact: dict[str, Any]) -> bool:
    return bool(fact.get("absent")) or "unknown" in fact


def _value(fact: dict[str, Any]) -> str:
    text = _heads(fact["value"])
    return f"{fact['kind']} {text}" if "kind" in fact else text


def _unknown(facts: Facts, area: str) -> Iterator[Finding]:
    """Tell what is unknown, by reason."""
    by_reason: dict[str, Facts] = {}
    for fact in facts:
        if "unknown" in fact:
            by_reason.setdefault(fact["unknown"], []).append(fact)
    for reason, found in by_reason.items():
        means, helps = meaning(reason)
        level = NOTE if reason == "not-asked" else WARNING
        yield Finding(area, level, f"{len(found)} unknown, {reason}: {means}: {_names(found)}", helps)


def _by_place(facts: Facts) -> list[tuple[str, int]]:
    """Return each file (or `env`, `installed`) that facts were read from, with how many, in order of appearance."""
    counts: dict[str, int] = {}
    for fact in facts:
        for place in dict.fromkeys(_file(source) for source in fact.get("sources", ())):
            counts[place] = counts.get(place, 0) + 1
    return sorted(counts.items(), key=lambda item: (item[0] in {"env", "installed"}, item[0]))


def _file(source: str) -> str:
    path, colon, line = source.rpartition(":")
    return path if colon and line.isdecimal() else source


def _names(facts: Facts) -> str:
    return _listed([fact["name"].rpartition("/")[2] or fact["name"] for fact in facts])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


_TELLERS: dict[str, Callable[[Facts, str], Iterable[Finding]]] = {
    "dependencies": _dependencies,
    "services": _services,
    "config": _config,
    "migrations": _migrations,
}
