"""Configuration: which names there are, what shape each has, never a value (facts.md, config)."""

from __future__ import annotations

from paritycheck_agent import redact, shapes
from paritycheck_agent.context import Collected
from paritycheck_agent.sources import configuration
from paritycheck_agent.wire.limits import CONFIG_KEYS, PLAIN_CHARS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.configuration import Configuration, Variable

SECTION = "config"
# Names whose value is no secret and says much: it is sent as it stands, where it is short and of a plain shape.
PLAIN = (
    "DEBUG", "*_DEBUG", "TZ", "TIME_ZONE", "LANG", "LC_ALL", "LANGUAGE_CODE", "LOG_LEVEL", "LOGLEVEL", "*_LOG_LEVEL",
    "ENV", "ENVIRONMENT", "APP_ENV", "NODE_ENV", "RAILS_ENV", "RACK_ENV", "FLASK_ENV", "MIX_ENV", "GIN_MODE",
    "ASPNETCORE_ENVIRONMENT", "SPRING_PROFILES_ACTIVE", "DJANGO_SETTINGS_MODULE", "PORT", "WEB_CONCURRENCY",
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED",
)  # fmt: skip
_SPECIAL = frozenset("*?[")
PLAIN_SHAPES = frozenset({"bool", "int", "number", "text", "path", "list"})


def collect(context: Context) -> Collected:
    """Every name of the allow-list, set or not: absence is always explicit, so nothing is covered beyond it."""
    found = configuration.read(context)
    teller = _Teller(context, found)
    names = sorted(found.variables)
    if len(names) > CONFIG_KEYS:
        found.warnings.append(f"{len(names) - CONFIG_KEYS} names left out: at most {CONFIG_KEYS} are sent")
    facts = [teller.fact(found.variables[name]) for name in names[:CONFIG_KEYS]]
    return Collected(facts, [], found.warnings)


class _Teller:
    """Turns a variable into what may be told of it."""

    def __init__(self, context: Context, found: Configuration) -> None:
        settings = configuration.table(context, "config")
        self.candidate = found.candidate
        self.names_only = settings.get("mode") == "name"
        self.plain = _Globs((*PLAIN, *configuration.texts(settings.get("plain"))))
        self.fingerprinted = _Globs(configuration.texts(settings.get("fingerprint")) or ["*"])
        self.keys: list[bytes] = []
        if not found.candidate and not self.names_only:
            try:
                self.keys = redact.keys_of(configuration.key_places(context))
            except redact.KeyFault as fault:
                found.warnings.append(f"no fingerprints: {fault}")

    def fact(self, variable: Variable) -> dict[str, Any]:
        fact: dict[str, Any] = {"name": variable.name}
        if self.candidate or variable.held:
            pass  # the change will need the name, whatever it is set to here; or it is set where no value is read
        elif variable.unknown:
            fact["unknown"] = variable.unknown
        elif variable.value is None:
            fact["absent"] = True
        elif self.names_only:
            fact.update({} if variable.value.strip() else {"shape": "empty", "length": "0"})
        else:
            self._describe(variable.name, variable.value, fact)
        if variable.declared:
            fact["declared"] = True
        fact["sources"] = variable.sources
        return fact

    def _describe(self, name: str, value: str, fact: dict[str, Any]) -> None:
        fact.update(shapes.describe(value))
        shape = fact["shape"]
        if shape in PLAIN_SHAPES and len(value) <= PLAIN_CHARS and self.plain.fit(name):
            fact["plain"] = value
        elif self.keys and redact.may_fingerprint(value, shape) and self.fingerprinted.fit(name):
            fact["fps"] = [redact.fingerprint(key, name, value) for key in self.keys]


class _Globs:
    """Globs as fnmatch reads them. Most are a name, or a star and an end: those need no pattern, and each costs."""

    def __init__(self, globs: Iterable[str]) -> None:
        self.names: set[str] = set()
        self.ends: tuple[str, ...] = ()
        self.others: list[str] = []
        for glob in globs:
            end = glob.removeprefix("*")
            if not _SPECIAL.isdisjoint(end):
                self.others.append(glob)
            elif end is glob:
                self.names.add(glob)
            else:
                self.ends += (end,)

    def fit(self, name: str) -> bool:
        if name in self.names or name.endswith(self.ends):
            return True
        if not self.others:
            return False
        from fnmatch import fnmatchcase

        return any(fnmatchcase(name, glob) for glob in self.others)
