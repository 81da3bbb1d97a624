"""Section dependencies: what lock files and bills of materials say, and what is installed here."""

from __future__ import annotations

import os

from paritycheck_agent.context import Collected
from paritycheck_agent.packages import fact_of
from paritycheck_agent.sources import reconcile
from paritycheck_agent.sources.bom import ecosystem_of
from paritycheck_agent.sources.installed import NPM, Installed
from paritycheck_agent.sources.locked import Locked, inside
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.secrets import marked, suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paritycheck_agent.context import Context

SECTION = "dependencies"


def collect(context: Context) -> Collected:
    """Return what is locked and what is installed; of a candidate or a cluster what is locked alone."""
    locked, installed = Locked(context), Installed(context)
    for path, shown in _sboms(context, locked.warnings):
        locked.read_sbom(path, shown)
    folders = _folders(context)
    for folder in folders:
        locked.read_folder(folder)
    if not context.elsewhere:
        installed.read(folders, locked.folders(NPM))
    facts = _facts(locked, installed)
    warnings = locked.warnings + installed.warnings
    if not facts and not locked.locks and not locked.sboms and not installed.packages:
        warnings.append("no lock file that is read, and no interpreter of the checkout (PARITY_PYTHON)")
    return Collected(facts, _covers(locked, installed, facts), warnings)


def _listed(context: Context, name: str) -> list[str]:
    settings = context.settings.get(SECTION)
    named = settings.get(name, []) if isinstance(settings, dict) else []
    return [str(each) for each in named] if isinstance(named, list) else []


def _folders(context: Context) -> list[str]:
    """Return the folders to look in: the checkout's top, and those that `[dependencies] folders` names."""
    found = [inside(name) for name in _listed(context, "folders")]
    return list(dict.fromkeys(["", *(folder for folder in found if folder is not None)]))


def _sboms(context: Context, warnings: list[str]) -> Iterator[tuple[str, str]]:
    """Yield path and shown path of each bill of materials that is named, none is looked for.

    One that lies about may describe another release, or somebody else's product. The checkout's own file names none
    outside of it; the command line may, and of its path no more than the name is told then.
    """
    for name in _listed(context, "sbom"):
        path = inside(name)
        if path:
            yield path, path
        else:
            warnings.append("[dependencies] sbom names a file outside of the checkout, which is not read")
    top = os.path.abspath(context.root)
    for path in context.sboms:
        relative = inside(os.path.relpath(path, top).replace(os.sep, "/"))
        # A name on disk may be any bytes; what is sent is UTF-8.
        shown = (relative or os.path.basename(path)).encode("utf-8", "replace").decode()
        yield relative or os.path.abspath(path), shown


def _facts(locked: Locked, installed: Installed) -> list[dict[str, Any]]:
    places, local = locked.packages(installed.packages), locked.local() | installed.local
    # A project may need a package of its own name (`ms` does, by way of `debug`): what a lock lists counts.
    names = set(places) | (set().union(*installed.packages.values()) - local)
    whole = {ecosystem: locked.whole(ecosystem) for ecosystem in installed.packages}
    facts = []
    for name in sorted(names):
        ecosystem = ecosystem_of(name)
        own = installed.packages.get(ecosystem)
        if own is None:
            facts.append(fact_of(name, places[name]))
            continue
        here = own.get(name) or (installed.editable.get(name, []) if name in places else [])
        fact = reconcile.fact(name, places.get(name, []), here, whole=whole[ecosystem])
        facts += [] if fact is None else [fact]
    return facts


def _covers(locked: Locked, installed: Installed, facts: list[dict[str, Any]]) -> list[str]:
    """Return the prefix of each ecosystem of which every package is known, so that one not named is absent."""
    prefixes = {f"pkg:{ecosystem}/" for ecosystem in locked.ecosystems() | installed.packages.keys()}
    odd = marked("\n".join(fact["name"] for fact in facts))
    for fact in facts:
        # Such a name is left out of what is sent: the ecosystem is not told whole.
        if len(fact["name"]) > limits.NAME_CHARS or (odd and suspected(fact["name"])):
            prefixes = {prefix for prefix in prefixes if not fact["name"].startswith(prefix)}
    return sorted(prefixes)
