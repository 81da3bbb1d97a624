"""The file of `paritycheck apply` read into what projects are to be, or all its mistakes with their lines."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.policy import KINDS, TIERS, PolicyError
from paritycheck.core.policy_file import parsed
from paritycheck.core.policy_reading import Reading, TooManyMistakesError, quoted, suggestion
from paritycheck.core.project_terms import (
    ROLES,
    TOKENS,
    Asked,
    ChannelTerms,
    EnvironmentTerms,
    MemberTerms,
    ProjectTerms,
    Setting,
    TokenTerms,
)  # fmt: skip
from paritycheck.core.subscriptions import SubscriptionTerms, faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from paritycheck.core.channel import Field
    from paritycheck.core.toml_positions import Path

    Known = Mapping[str, Sequence[Field]]

PARTS: Final = ("environments", "members", "channels", "subscriptions", "tokens")
LONGEST_NAME: Final = 80
_TTL: Final = "a time to live is the policy's: `[environments.NAME] ttl` in parity.toml"
_LISTS: Final = ("gaps", "environments", "pairs", "names")
_FLAGS: Final = ("only-owned", "skip-unchanged")
_CLOCKS: Final = ("quiet-from", "quiet-to")
_TEXTS: Final = ("when", "at-least", "cron", "timezone")


def read(text: str, kinds: Known) -> list[ProjectTerms]:
    """The projects of a file; `kinds` are the fields of each kind of channel. Raises PolicyError with all mistakes."""
    document, positions = parsed(text)
    reading = Reading(positions)
    found: list[ProjectTerms] = []
    with suppress(TooManyMistakesError):
        _Projects(reading, kinds, found).document(document)
    if reading.mistakes:
        raise PolicyError(sorted(reading.mistakes, key=lambda one: (one["line"], one["column"])))
    return found


class _Projects:
    def __init__(self, reading: Reading, kinds: Known, found: list[ProjectTerms]) -> None:
        self._reading = reading
        self._kinds = kinds
        self._found = found

    def document(self, document: dict[str, Any]) -> None:
        for key, item in document.items():
            if key in PARTS:
                self._reading.mistake((key,), f"it is of a project: write `project.{key}`", key=True)
            elif key != "project":
                hint = suggestion(key, ("project",))
                self._reading.mistake((key,), f"{quoted(key)} is not known here{hint}", key=True)
            elif isinstance(item, list):
                for index, one in enumerate(item):
                    self._project(("project", index), one)
            else:
                self._project(("project",), item)
        if not document:
            self._reading.mistake((), "there is no [project] in it")

    def _project(self, path: Path, value: Any) -> None:
        said: dict[str, Any] = {}
        words = ("name", "baseline", "policy-from", *PARTS)
        for where, key, item in self._reading.entries(path, value, words):
            said[key] = self._part(key)(where, item)
        slug = said.pop("name", "")
        if slug == "":
            self._reading.mistake(path, "a project has a `name`", key=True)
        if slug in {one.slug for one in self._found}:
            self._reading.mistake((*path, "name"), f"{quoted(slug)} stands in the file already")
        said = {key.replace("-", "_"): item for key, item in said.items()}
        self._found.append(ProjectTerms(line=self._reading.line(path), slug=slug or "", **said))

    def _part(self, key: str) -> Callable[[Path, Any], Any]:
        readers: dict[str, Callable[[Path, Any], Any]] = {
            "environments": self._environments,
            "members": self._members,
            "channels": self._channels,
            "subscriptions": self._subscriptions,
            "tokens": self._tokens,
        }
        return readers.get(key, self._reading.slug)

    def _environments(self, path: Path, value: Any) -> tuple[EnvironmentTerms, ...]:
        return tuple(
            self._environment((*path, slug), slug, item) for slug, item in self._reading.table(path, value).items()
        )

    def _environment(self, path: Path, slug: str, value: Any) -> EnvironmentTerms:
        said: dict[str, str | None] = {}
        table = {**self._reading.table(path, value)}
        if table.pop("ttl", None) is not None:
            self._reading.mistake((*path, "ttl"), _TTL, key=True)
        for where, key, item in self._reading.entries(path, table, ("tier", "kind")):
            said[key] = self._reading.word(where, item, TIERS if key == "tier" else KINDS, key)
        self._reading.slug(path, slug)
        return EnvironmentTerms(self._reading.line(path), slug, **said)

    def _members(self, path: Path, value: Any) -> tuple[MemberTerms, ...]:
        found: dict[str, MemberTerms] = {}
        for email, item in self._reading.table(path, value).items():
            where, folded = (*path, email), email.strip().lower()
            role = self._reading.word(where, item, ROLES, "role")
            if folded in found:
                self._reading.mistake(where, "this member stands in the file already", key=True)
            found[folded] = MemberTerms(self._reading.line(where), folded, role or "")
        return tuple(found.values())

    def _channels(self, path: Path, value: Any) -> tuple[ChannelTerms, ...]:
        return tuple(
            self._channel((*path, name), name, item) for name, item in self._reading.table(path, value).items()
        )

    def _channel(self, path: Path, name: str, value: Any) -> ChannelTerms:
        self._name(path, name)
        table = self._reading.table(path, value)
        kind = self._reading.word((*path, "kind"), table.get("kind"), tuple(self._kinds), "kind of channel") or ""
        fields = {field.name.replace("_", "-"): field for field in self._kinds.get(kind, ())}
        settings: dict[str, Setting] = {}
        for where, key, item in self._reading.entries(path, table, ("kind", *fields)) if kind else ():
            if key != "kind":
                settings[fields[key].name] = self._setting(where, item, secret=fields[key].secret)
        return ChannelTerms(self._reading.line(path), name, kind, settings)

    def _setting(self, path: Path, value: Any, *, secret: bool) -> Setting:
        line = self._reading.line(path)
        if isinstance(value, str) and not secret:
            return Setting(line, "text", value)
        if isinstance(value, dict) and len(value) == 1:
            for where, key, item in self._reading.entries(path, value, ("env", "file")):
                return Setting(line, key, self._reading.text(where, item) or "")
            return Setting(line, "text", "")
        own = "it is a secret, which does not stand in a file like this" if secret else "a text"
        self._reading.mistake(path, f'{own}: write {{ env = "NAME" }} or {{ file = "PATH" }}')
        return Setting(line, "text", "")

    def _subscriptions(self, path: Path, value: Any) -> tuple[Asked, ...]:
        if not isinstance(value, list):
            self._reading.mistake(path, "subscriptions are written [[project.subscriptions]]", key=True)
            return ()
        return tuple(self._subscription((*path, index), item) for index, item in enumerate(value))

    def _subscription(self, path: Path, value: Any) -> Asked:
        of: dict[str, str] = {}
        said: dict[str, Any] = {}
        words = ("member", "channel", *_TEXTS, *_LISTS, *_FLAGS, *_CLOCKS)
        for where, key, item in self._reading.entries(path, value, words):
            if key in {"member", "channel"}:
                of[key] = self._reading.text(where, item) or ""
            else:
                said[key.replace("-", "_")] = self._term(where, key, item)
        if len(of) != 1:
            self._reading.mistake(path, "a subscription is of a `member` or of a `channel`", key=True)
        terms = replace(SubscriptionTerms(), **{key: item for key, item in said.items() if item is not None})
        for fault in faults(terms) if None not in said.values() else ():
            self._reading.mistake((*path, fault.member.replace("_", "-")), f"`{fault.member}`: {fault.detail}")
        member = of.get("member", "").strip().lower()
        return Asked(self._reading.line(path), member, of.get("channel", ""), terms)

    def _term(self, path: Path, key: str, value: Any) -> Any:
        if key in _LISTS:
            return tuple(text for _, text in self._reading.items(path, value, self._reading.text))
        if key in _FLAGS:
            return self._reading.flag(path, value)
        if key in _CLOCKS:
            return self._clock(path, value)
        return self._reading.text(path, value)

    def _clock(self, path: Path, value: Any) -> time | None:
        if isinstance(value, time):
            return value
        with suppress(ValueError):
            return time.fromisoformat(value if isinstance(value, str) else "")
        self._reading.mistake(path, "a time of day, such as 22:00")
        return None

    def _tokens(self, path: Path, value: Any) -> tuple[TokenTerms, ...]:
        return tuple(self._token((*path, name), name, item) for name, item in self._reading.table(path, value).items())

    def _token(self, path: Path, name: str, value: Any) -> TokenTerms:
        self._name(path, name)
        said: dict[str, Any] = {}
        for where, key, item in self._reading.entries(path, value, ("kind", "environment", "expires-in")):
            if key == "kind":
                said[key] = self._reading.word(where, item, TOKENS, "kind of token")
            elif key == "environment":
                said[key] = self._reading.slug(where, item)
            else:
                said["lives_s"] = self._reading.duration(where, item)
        if "kind" not in said:
            self._reading.mistake(path, f"a token has a `kind`: one of {', '.join(TOKENS)}", key=True)
        elif said["kind"] == "report" and "environment" not in said:
            self._reading.mistake(path, "a token that reports has an `environment`", key=True)
        elif said["kind"] == "gate" and "environment" in said:
            self._reading.mistake((*path, "environment"), "a gate's token is of the whole project", key=True)
        return TokenTerms(self._reading.line(path), name, **{"kind": "", **said})

    def _name(self, path: Path, name: str) -> None:
        if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            self._reading.mistake(path, f"a name has 1 to {LONGEST_NAME} printable characters", key=True)
