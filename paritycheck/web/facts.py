"""Facts in words: values, reasons, rules and names as a page shows them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from paritycheck.core.facts import Fact, State
from paritycheck.core.labels import short_name

COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
COMMIT_DIGITS: Final = 12
RULES = {
    "kind": "kind",
    "version": "version",
    "value": "value",
    "missing": "present",
    "unwanted": "unwanted",
    "empty": "empty",
    "shared-secret": "must differ",
    "shared-resource": "must not be shared",
    "declared": "declared version",
    "not-installed": "locked, not installed",
    "not-locked": "installed, not locked",
    "behind": "applied",
    "skew": "instances disagree",
    "end-of-life": "end of life",
}
REASONS = {
    "not-collected": "not collected",
    "no-report": "no report yet",
    "auth-required": "asks for a password",
    "auth-failed": "password refused",
    "collector-failed": "collector failed",
    "tool-missing": "tool missing",
    "no-git": "no git",
    "no-permission": "no permission",
    "name-not-found": "host not found",
    "tls-failed": "TLS failed",
    "bad-reply": "unreadable reply",
    "not-asked": "not asked for",
    "unpinned": "not pinned",
    "unsupported-format": "format not supported",
    "parse-failed": "unreadable file",
    "too-large": "too large",
    "key-mismatch": "another key",
    "skew": "instances disagree",
    "stale": "not confirmed for a day",
    "not-comparable": "not comparable",
}
KNOWN_REASONS = frozenset(
    {*REASONS, "disabled", "shallow", "connection-refused", "timeout", "redacted", "no-key", "too-short"}
)


def rule_words(rule: str) -> str:
    """What a rule demands, in a word or two."""
    return RULES.get(rule, rule)


def reason_words(reason: str | None) -> str:
    """Why something is unknown. A reason outside the closed list is shown as `other`."""
    if reason not in KNOWN_REASONS:
        return "other"
    return REASONS.get(reason, reason.replace("-", " "))


def name_parts(section: str, name: str) -> tuple[str, str]:
    """The part of a name that every row repeats, shown pale, and the rest."""
    if section == "dependencies" and name.startswith("pkg:"):
        return "pkg:", short_name(section, name)
    return "", name


def value_words(section: str, fact: Fact, *, with_kind: bool = False) -> str:
    """A fact's value: a version, several, the shape of a key; or that it is absent, or why it is unknown."""
    if fact.state is State.UNKNOWN:
        return reason_words(fact.reason)
    if fact.state is State.ABSENT:
        return "absent"
    if section == "config":
        return _key_words(fact.word("plain"), fact.word("shape"))
    values = ", ".join(_commit_words(value) if section == "release" else value for value in fact.values)
    if fact.kind and (with_kind or not values or section in {"runtime", "processes"}):
        return f"{fact.kind} {values}".strip()
    return values or "present"


def _commit_words(value: str) -> str:
    """A commit as people name it: its first 12 digits. The API has the whole."""
    return value[:COMMIT_DIGITS] if COMMIT.fullmatch(value) else value


def _key_words(plain: str | None, shape: str | None) -> str:
    if plain is not None:
        return plain
    return shape if shape in {"empty", "placeholder"} else "present"


def fact_of(document: Mapping[str, Any]) -> Fact:
    """A side as a drift or a verdict keeps it."""
    value = document.get("value")
    values: Sequence[Any] = () if value is None else value if isinstance(value, list) else (value,)
    state = document.get("state") or ("present" if value is not None or document.get("kind") else "absent")
    members = {key: document[key] for key in document if key not in {"name", "state", "kind", "value", "reason"}}
    return Fact(
        str(document.get("name", "")),
        State(state) if state in set(State) else State.UNKNOWN,
        tuple(str(each) for each in values),
        document.get("kind"),
        document.get("reason"),
        members,
    )
