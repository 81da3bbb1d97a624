"""Section runtime: languages, tools, operating system, C library, architecture, timezone and locale."""

from __future__ import annotations

import os

from paritycheck_agent.context import Collected
from paritycheck_agent.sources import host, interpreter, pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.context import Context

SECTION = "runtime"

_INSTALLED, _ENV = "installed", "env"
# The files that show that a checkout uses a language: its program is looked for then, and only then.
_SIGNS = (
    ("node", ("package.json",)),
    ("ruby", ("Gemfile",)),
    ("php", ("composer.json",)),
    ("java", ("pom.xml", "build.gradle", "build.gradle.kts", "build.xml")),
    ("go", ("go.mod",)),
    ("dotnet", ("global.json", ".csproj", ".fsproj", ".sln")),
    ("erlang", ("rebar.config", "mix.exs")),
    ("elixir", ("mix.exs",)),
    ("rust", ("Cargo.toml",)),
)


def collect(context: Context) -> Collected:
    """Return the facts of the runtime; of a gate's candidate or a cluster what is pinned: this machine is another."""
    warnings: list[str] = []
    pinned = _pinned(context, warnings)
    if context.elsewhere:
        facts = [{"name": pin.name, "value": pin.version, "sources": [pin.source]} for pin in pinned.values()]
        return Collected(facts, [], warnings)
    facts = [_language("python", pinned, *_python(context, warnings))]
    facts += [_language(name, pinned, *_installed(context, name)) for name in _used(context, pinned)]
    facts += [
        {"name": pin.name, "value": pin.version, "sources": [pin.source]}
        for pin in pinned.values()
        if pin.name.startswith("tool.")
    ]
    facts += _host(context)
    return Collected([fact for fact in facts if len(fact) > 1], [], warnings)


def _pinned(context: Context, warnings: list[str]) -> dict[str, pins.Pin]:
    """Return the pin that counts of each name; another version pinned elsewhere is worth a warning."""
    first: dict[str, pins.Pin] = {}
    for pin in pins.pins(context.open_text):
        stands = first.setdefault(pin.name, pin)
        if not _agree(stands.version, pin.version):
            warnings.append(f"{pin.name}: {stands.source} pins {stands.version}, {pin.source} pins {pin.version}")
    return first


def _agree(one: str, other: str) -> bool:
    """Whether two versions are the same as far as the shorter one says."""
    return all(left == right for left, right in zip(one.split("."), other.split(".")))


def _python(context: Context, warnings: list[str]) -> tuple[str, str]:
    """Return version of the interpreter that counts as installed, and the reason where it is not known."""
    try:
        found = interpreter.find(context.root, context.environ, context.settings)
    except interpreter.InterpreterFault as fault:
        warnings.append(str(fault))
        return "", fault.reason
    return (found.version, "" if found.version else "bad-reply") if found else ("", "")


def _used(context: Context, pinned: dict[str, pins.Pin]) -> list[str]:
    """Return the languages that the checkout uses: it pins them, or holds a file of theirs."""
    try:
        names = os.listdir(context.root)
    except OSError:
        names = []
    return [language for language, signs in _SIGNS if language in pinned or any(_shows(name, signs) for name in names)]


def _shows(name: str, signs: tuple[str, ...]) -> bool:
    return name in signs or any(sign[0] == "." and name.endswith(sign) for sign in signs)


def _installed(context: Context, name: str) -> tuple[str, str]:
    from paritycheck_agent.sources import toolchains

    try:
        return toolchains.version(name, context.root, context.environ), ""
    except toolchains.ToolFault as fault:
        return "", fault.reason


def _language(name: str, pinned: dict[str, pins.Pin], version: str, reason: str) -> dict[str, Any]:
    """Return the fact of a language: what is installed, else what is pinned, else why it is not known."""
    fact: dict[str, Any] = {"name": name}
    pin = pinned.get(name)
    sources = [_INSTALLED] if version else []
    if version:
        fact["value"] = version
    elif pin is not None and reason in {"", "tool-missing"}:
        fact["value"] = pin.version
    elif reason:
        fact["unknown"] = reason
    if pin is not None:
        if pin.version != fact.get("value"):
            fact["declared"] = pin.version
        sources.append(pin.source)
    return {**fact, "sources": sources} if sources else fact


def _host(context: Context) -> list[dict[str, Any]]:
    system, system_version = host.operating_system()
    library, library_version = host.c_library()
    facts = [
        _fact("os", _INSTALLED, kind=system, value=system_version),
        _fact("libc", _INSTALLED, kind=library, value=library_version),
        _fact("arch", _INSTALLED, value=host.architecture()),
        _fact("timezone", _ENV if context.environ.get("TZ") else _INSTALLED, value=host.timezone(context.environ)),
        _fact("locale", _ENV, value=host.locale(context.environ)),
    ]
    return [fact for fact in facts if "value" in fact or "kind" in fact]


def _fact(name: str, source: str, **members: str) -> dict[str, Any]:
    return {"name": name, **{key: value for key, value in members.items() if value}, "sources": [source]}
