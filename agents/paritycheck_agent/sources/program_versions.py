"""What stands beside a program in the checkout: the scripts that start it, and the package that tells its version."""

from __future__ import annotations

import json
import os

from paritycheck_agent.sources import compose_files
from paritycheck_agent.wire.limits import VERSION_CHARS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from paritycheck_agent.context import Context

MANIFEST_CHARS = 1024 * 1024
MANIFEST = "package.json"
_VERSION = r"v?[0-9][0-9A-Za-z.+!_-]*"


def scripts(context: Context) -> dict[str, str]:
    """The scripts of package.json by name; none where there is no such file, or it cannot be read."""
    found = _manifest(context, MANIFEST).get("scripts")
    return {name: text for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}


def files(context: Context, folder: str = "") -> Callable[[str], str]:
    """The texts of the scripts of a folder of the checkout, by path. A link out of the checkout leads nowhere."""

    def text(path: str) -> str:
        from paritycheck_agent.sources.commands import TEXT_CHARS

        place = os.path.normpath(os.path.join(folder, path))
        try:
            small = os.path.getsize(os.path.join(context.root, place)) <= TEXT_CHARS
        except (OSError, ValueError):
            return ""
        return (context.open_text(place) or "") if small and compose_files.inside(context, place) else ""

    return text


def versions(context: Context, kinds: Iterable[str]) -> dict[str, str]:
    """Versions by kind, of those that an installed package tells."""
    kinds = set(kinds)
    if not kinds:
        return {}
    import re

    from paritycheck_agent.sources.program_kinds import NPM, PYPI
    from paritycheck_agent.wire.purl import purl

    found = {kind: version for kind in kinds if kind in NPM for version in _npm(context, NPM[kind])}
    asked = {kind: purl("pypi", PYPI[kind]) for kind in kinds if kind in PYPI}
    installed = _pypi(context, set(asked.values())) if asked else {}
    found.update({kind: installed[name] for kind, name in asked.items() if name in installed})
    return {kind: text for kind, text in found.items() if len(text) <= VERSION_CHARS and re.fullmatch(_VERSION, text)}


def _npm(context: Context, name: str) -> list[str]:
    version = _manifest(context, f"node_modules/{name}/{MANIFEST}").get("version")
    return [version] if isinstance(version, str) else []


def _pypi(context: Context, names: Collection[str]) -> dict[str, str]:
    from paritycheck_agent.sources import distributions, interpreter

    try:
        found = interpreter.find(context.root, context.environ, context.settings)
        packages = distributions.installed(found.folders, only=names) if found is not None else []
    except (interpreter.InterpreterFault, OSError):
        return {}
    return {package.name: package.version for package in packages if package.version}


def _manifest(context: Context, path: str) -> dict[str, object]:
    text = context.open_text(path)
    if not text or len(text) > MANIFEST_CHARS:
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
