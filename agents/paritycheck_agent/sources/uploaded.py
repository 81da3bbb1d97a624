"""Lock files and bills of materials that come by themselves, with no checkout around them, and the section they make.

What the server reads of uploads (`services/uploads.py`); an agent has the files, and reads them where they lie.
"""

from __future__ import annotations

import os

from paritycheck_agent.context import Context
from paritycheck_agent.packages import fact_of
from paritycheck_agent.redact import clean
from paritycheck_agent.sources.bom import ecosystem_of
from paritycheck_agent.sources.lock_formats import FORMATS
from paritycheck_agent.sources.locked import Locked
from paritycheck_agent.wire.canonical import split
from paritycheck_agent.wire.secrets import marked, suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paritycheck_agent.packages import Lock

SECTION = "dependencies"
_SBOM = "paritycheck_agent.sources.sbom"


def format_of(name: str) -> tuple[str, str, str] | None:
    """Return folder, ecosystem and module of a lock file by its path; None for one that is not read."""
    for names, ecosystem, module, _every in FORMATS:
        for known in names:
            if name == known or name.endswith(f"/{known}"):
                return name[: -len(known)].rstrip("/"), ecosystem, module
    return None


def read(name: str, data: bytes, *, bill: bool) -> Lock:
    """Return what a file says; of a bill of materials the form is told by what it holds, of a lock file by its name.

    The name is one that `format_of` knows, unless it is a bill's.
    """
    found = None if bill else format_of(name)
    module = __import__(found[2] if found else _SBOM, fromlist=["read"])
    lock: Lock = module.read(data, name, _nothing_beside)
    _leave_out_secrets(lock)
    return lock


def _leave_out_secrets(lock: Lock) -> None:
    """Take out what looks like it holds a secret: what is read of an upload is kept, where an agent only sends."""
    lock.warnings = [text for text in lock.warnings if not suspected(text)]
    lock.local = {name for name in lock.local if not suspected(name)}
    if not marked("\n".join(f"{each.name}\n{each.version}\n{each.source}" for each in lock.packages)):
        return
    kept = [each for each in lock.packages if not any(map(suspected, (each.name, each.version or "", each.source)))]
    if len(kept) < len(lock.packages):
        lock.incomplete(f"left out, for they look like they hold a secret: {len(lock.packages) - len(kept)}")
        lock.packages = kept


def bodies_of(uploads: Iterable[tuple[Lock, bool]]) -> tuple[bytes, bytes]:
    """Return the two bodies of the section `dependencies` of locks, each with whether it is a bill.

    They say together what a checkout that holds them all would say, as a gate's candidate does.
    """
    # Nothing lies there: what a lock stands in is not known here.
    locked = Locked(Context(os.devnull, {}, {}, ""))
    for lock, bill in uploads:
        _put(locked, lock, bill=bill)
    places = locked.packages(())
    facts, said = clean(SECTION, [fact_of(name, places[name]) for name in sorted(places)])
    # Of an ecosystem of which a name may not be told not everything is told.
    partly = {ecosystem_of(name) for name in places.keys() - {fact["name"] for fact in facts}}
    covers = [f"pkg:{ecosystem}/" for ecosystem in sorted(locked.ecosystems() - partly)]
    return split(SECTION, covers, facts, [*locked.warnings, *said])


def _put(locked: Locked, lock: Lock, *, bill: bool) -> None:
    found = None if bill else format_of(lock.path)
    if found:
        locked.locks.append((found[0], found[1], lock))
    else:
        locked.sboms += [(each, lock) for each in sorted({ecosystem_of(package.name) for package in lock.packages})]
    locked.warnings += lock.warnings


def _nothing_beside(_name: str) -> None:
    return None
