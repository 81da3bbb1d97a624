"""One change of a report at a time: those of MEANT each return the one drift that follows, those of MEANINGLESS follow
nothing from. What follows is by gaps.md, not by the code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.core.real_reports import CHAIN, PRODUCTION, SECTIONS, TOUCHED

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.core.real_reports import Rows, Said

PLAIN: Final = re.compile(r"\d+\.\d+\.\d+")


def pick(rng: random.Random, rows: Rows, section: str, takes: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    names = sorted(name for name, line in rows[section].items() if (section, name) not in TOUCHED and takes(line))
    return rows[section][rng.choice(names)]


def raised(version: str, step: int) -> str:
    """The version with one of its numbers raised: 0 the first."""
    numbers = [int(part) for part in version.split(".")]
    return ".".join(str(number + (at == step)) for at, number in enumerate(numbers))


def ships(line: dict[str, Any]) -> bool:
    return bool(line.get("groups", ["production"]) != ["development"])


def package(scope: str, *, shipped: bool = True) -> Callable[[dict[str, Any]], bool]:
    def takes(line: dict[str, Any]) -> bool:
        plain = isinstance(line.get("value"), str) and PLAIN.fullmatch(line["value"])
        return bool(plain) and line.get("scope") == scope and ships(line) is shipped

    return takes


def filled(line: dict[str, Any]) -> bool:
    return not line.get("absent") and line["shape"] != "empty"


# Changes that mean something: each returns the one drift that follows.


def direct(rng: random.Random, rows: Rows) -> Said:
    line = pick(rng, rows, "dependencies", package("direct"))
    line["value"] = raised(line["value"], rng.randrange(3))
    return ("pair", "dependencies", line["name"], "version", "error")


def transitive(rng: random.Random, rows: Rows) -> Said:
    line = pick(rng, rows, "dependencies", package("transitive"))
    line["value"] = raised(line["value"], rng.randrange(2))
    return ("pair", "dependencies", line["name"], "version", "note")


def uninstalled(rng: random.Random, rows: Rows) -> Said:
    scope = rng.choice(["direct", "transitive"])
    name = pick(rng, rows, "dependencies", package(scope))["name"]
    del rows["dependencies"][name]
    return ("pair", "dependencies", name, "missing", "error" if scope == "direct" else "note")


def not_locked(rng: random.Random, rows: Rows) -> Said:
    line = pick(rng, rows, "dependencies", package("direct"))
    line["locked"] = raised(line["value"], 1)
    return ("inside", "dependencies", line["name"], "not-locked", "warning")


def service(rng: random.Random, rows: Rows) -> Said:
    name, what = rng.choice(["queue", "index"]), rng.choice(["kind", "major", "minor", "gone"])
    line = rows["services"][name]
    if what == "gone":
        del rows["services"][name]
        return ("pair", "services", name, "missing", "error")
    if what == "kind":
        line["kind"] = {"redis": "valkey", "elasticsearch": "opensearch"}[line["kind"]]
        return ("pair", "services", name, "kind", "error")
    line["value"] = raised(line["value"], 0 if what == "major" else 1)
    return ("pair", "services", name, "version", "error" if what == "major" else "warning")


def inner(rng: random.Random, rows: Rows) -> Said:
    name = rng.choice(["queue.setting.maxmemory-policy", "database.setting.timezone", "database.extension.pg_trgm"])
    rows["services"][name]["value"] = f"9.{rng.randrange(99)}"
    return ("pair", "services", name, "version" if ".extension." in name else "value", "warning")


def key(rng: random.Random, rows: Rows) -> Said:
    line = pick(rng, rows, "config", lambda line: filled(line) and line["name"] != "PATH")
    what = rng.choice(["missing", "empty", "placeholder"])
    for member in ("shape", "length", "fps", "plain", "scheme", "host"):
        line.pop(member, None)
    line |= {"absent": True} if what == "missing" else {"shape": what, "length": "0"}
    return ("pair", "config", line["name"], "missing" if what == "missing" else "empty", "error")


def secret(_rng: random.Random, rows: Rows) -> Said:
    rows["config"]["SECRET_KEY"]["fps"] = list(PRODUCTION.look_up("config", "SECRET_KEY").words("fps"))
    return ("pair", "config", "SECRET_KEY", "shared-secret", "error")


def resource(_rng: random.Random, rows: Rows) -> Said:
    rows["services"]["database"]["fps"] = list(PRODUCTION.look_up("services", "database").words("fps"))
    return ("pair", "services", "database", "shared-resource", "error")


def language(rng: random.Random, rows: Rows) -> Said:
    line = rows["runtime"]["node"]
    line["value"] = raised(line["value"], rng.randrange(2))
    return ("pair", "runtime", "node", "version", "error")


def platform(rng: random.Random, rows: Rows) -> Said:
    name, value, rule = rng.choice([("arch", "aarch64", "value"), ("os", "13", "version"), ("libc", "2.41", "version")])
    rows["runtime"][name]["value"] = value
    return ("pair", "runtime", name, rule, "warning")


def program(rng: random.Random, rows: Rows) -> Said:
    name = rng.choice(["web", "worker"])
    rows["processes"][name]["kind"] = rng.choice(["runserver", "uvicorn", "rq"])
    return ("pair", "processes", name, "kind", "error")


def types(rng: random.Random, rows: Rows) -> Said:
    if rng.random() < 0.5:
        del rows["processes"]["worker"]
        return ("pair", "processes", "worker", "missing", "warning")
    rows["processes"]["beat"] = {"name": "beat", "kind": "celery"}
    return ("pair", "processes", "beat", "missing", "note")


def migration(_rng: random.Random, rows: Rows) -> Said:
    rows["migrations"]["django/shop"]["value"] = CHAIN[0]
    return ("pair", "migrations", "django/shop", "behind", "error")


def declared(_rng: random.Random, rows: Rows) -> Said:
    rows["runtime"]["node"]["declared"] = "20"
    return ("inside", "runtime", "node", "declared", "warning")


def unsupported(rng: random.Random, rows: Rows) -> Said:
    name, value, severity = rng.choice(
        [("php", "8.1.9", "error"), ("php", "8.2.9", "warning"), ("dotnet", "6.0.1", "error")]
    )
    rows["runtime"][name]["value"] = value
    return ("inside", "runtime", name, "end-of-life", severity)


MEANT: Final[tuple[Callable[[random.Random, Rows], Said], ...]] = (
    direct, transitive, uninstalled, not_locked, service, inner, key, secret, resource, language, platform, program,
    types, migration, declared, unsupported,
)  # fmt: skip


# Changes that mean nothing.


def patch(rng: random.Random, rows: Rows) -> None:
    section, name = rng.choice([("services", "queue"), ("services", "index"), ("runtime", "node")])
    rows[section][name]["value"] = raised(rows[section][name]["value"], 2)


def transitive_patch(rng: random.Random, rows: Rows) -> None:
    line = pick(rng, rows, "dependencies", package("transitive"))
    line["value"] = raised(line["value"], 2)


def of_development(rng: random.Random, rows: Rows) -> None:
    """Production has no such group: tiers differ."""
    line = pick(rng, rows, "dependencies", lambda line: not ships(line) and isinstance(line["value"], str))
    if rng.random() < 0.5:
        line["value"] = "99.0.0"
    else:
        del rows["dependencies"][line["name"]]


def unread(rng: random.Random, rows: Rows) -> None:
    """Unknown is no drift and ends none, whichever fact it is."""
    section = rng.choice(SECTIONS)
    line = rows[section][rng.choice(sorted(rows[section]))]
    reason = rng.choice(["timeout", "connection-refused", "auth-required", "parse-failed", "stale", "skew"])
    rows[section][line["name"]] = {"name": line["name"], "unknown": reason}


def ambient(rng: random.Random, rows: Rows) -> None:
    name = rng.choice(["PATH", "HOSTNAME", "GITHUB_SHA", "KUBERNETES_PORT", "SSH_AGENT", "XDG_DATA"])
    rows["config"][name] = {"name": name, "absent": True}


def of_the_release(rng: random.Random, rows: Rows) -> None:
    line = rows["release"][rng.choice(["branch", "commit", "dirty"])]
    line["value"] = rng.choice(["f" * 40, "other", "true"])


def nobody_asks(rng: random.Random, rows: Rows) -> None:
    rows["runtime"][rng.choice(["timezone", "locale", "tool.make"])]["value"] = rng.choice(["other", "9.9"])


def shape(rng: random.Random, rows: Rows) -> None:
    """What a value looks like, and its fingerprint, may differ: keys are expected, values are not."""
    line = pick(rng, rows, "config", lambda line: filled(line) and line["name"] != "SECRET_KEY")
    line |= {"shape": rng.choice(["hex", "int", "list"]), "length": "64+", "fps": ["pc1:00000000:" + "e" * 26]}


def other_key(_rng: random.Random, rows: Rows) -> None:
    rows["config"]["SECRET_KEY"]["fps"] = ["pc1:ffffffff:" + "q" * 26]


def how_it_runs(rng: random.Random, rows: Rows) -> None:
    if rng.random() < 0.5:
        rows["processes"]["web.stop-signal"]["value"] = "SIGQUIT"
    else:
        rows["processes"][rng.choice(["web", "worker"])]["value"] = "99.1"


def next_release(rng: random.Random, rows: Rows) -> None:
    """Migrations that production has not yet come with the next deploy."""
    head = rng.choice([2, 3])
    rows["migrations"]["django/shop"] |= {"value": CHAIN[head], "code": CHAIN[head], "chain": CHAIN[: head + 1]}


def within_the_grace(_rng: random.Random, rows: Rows) -> None:
    rows["migrations"]["django/shop"] |= {"code": CHAIN[2], "chain": CHAIN[:3]}


def how_it_was_read(rng: random.Random, rows: Rows) -> None:
    line = rows["services"][rng.choice(["queue", "index"])]
    line |= {"via": rng.choice(["handshake", "inferred"]), "resource": "r9", "keys": ["OTHER_URL"]}


def order(rng: random.Random, rows: Rows) -> None:
    for section, lines in rows.items():
        rows[section] = {name: lines[name] for name in rng.sample(sorted(lines), len(lines))}


MEANINGLESS: Final[tuple[Callable[[random.Random, Rows], None], ...]] = (
    patch, transitive_patch, of_development, unread, ambient, of_the_release, nobody_asks, shape, other_key,
    how_it_runs, next_release, within_the_grace, how_it_was_read, order,
)  # fmt: skip
