"""Who reports: the instance's id and kind (api.md, Instances)."""

from __future__ import annotations

import os

from paritycheck_agent.sources.machine import kind_of
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.strings import to_nfc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ID_FILE = "instance"
# A machine that stays may change its name; what comes and goes is named by whoever starts it.
_REMEMBERED = frozenset({"host", "laptop"})


def identity(environ: Mapping[str, str], state_home: str) -> dict[str, str]:
    """Return {"id", "kind"}: `PARITY_INSTANCE`, else a remembered random id of a host or laptop, else the host name."""
    kind = kind_of(environ)
    name = environ.get("PARITY_INSTANCE", "").strip()
    if not name and kind in _REMEMBERED:
        name = _remembered(state_home)
    return {"id": to_nfc(name or host_name())[: limits.NAME_CHARS], "kind": kind}


def host_name() -> str:
    """Return the machine's own name without asking a name server."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "unnamed")


def kept_id(state_home: str) -> str:
    """Return the random id that this host or laptop remembers, empty where there is none; makes none."""
    try:
        with open(os.path.join(state_home, _ID_FILE), encoding="ascii") as stream:
            kept = stream.read(limits.NAME_CHARS).strip()
    except (OSError, ValueError):
        return ""
    return kept if kept.isalnum() else ""


def _remembered(state_home: str) -> str:
    """Return the id kept in the state directory, made once; empty where nothing can be kept."""
    kept = kept_id(state_home)
    if kept:
        return kept
    path = os.path.join(state_home, _ID_FILE)
    made = os.urandom(16).hex()
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(f"{path}.{os.getpid()}", "w", encoding="ascii") as stream:
            stream.write(made + "\n")
        os.replace(stream.name, path)
    except OSError:
        return ""
    return made
