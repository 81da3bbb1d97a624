"""The packages of the operating system: of an image they are what is deployed, like the application's own."""

from __future__ import annotations

from paritycheck_agent.context import without_waiting
from paritycheck_agent.packages import Package
from paritycheck_agent.sources import host, keeping
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The module of each package manager, in the order in which they are looked for; the first with packages counts, for
# a system may have the tools of another one installed.
MANAGERS = ("paritycheck_agent.sources.dpkg", "paritycheck_agent.sources.apk", "paritycheck_agent.sources.rpm")
SOURCE = "installed"
_FILE_BYTES = 32 * 1024 * 1024
_DISTRIBUTION = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_DISTRIBUTION_CHARS = 64


class SystemFault(Exception):  # noqa: N818 - read as "raise SystemFault"
    """What the system has installed cannot be told; the text is for people."""


def installed(kept: str, base: str = "/") -> tuple[str, list[Package]]:
    """Return the ecosystem, such as `deb/debian`, and the packages; ("", []) where no package manager is known.

    `kept` is the file of the state directory for what was read before. Raise SystemFault.
    """
    memory = keeping.Memory(kept)
    for module in MANAGERS:
        manager = __import__(module, fromlist=["files"])
        rows = _rows(manager, memory, base)
        if rows:
            memory.save()
            return _packages(manager.KIND, rows, base)
    return "", []


def _rows(manager: Any, memory: keeping.Memory, base: str) -> list[list[str]]:
    texts = manager.KIND != "rpm"
    try:
        paths = manager.files(base)
        if not paths:
            return []
        return memory.of(paths, lambda: manager.parse([_text(path) for path in paths] if texts else [], base))
    except OSError as error:
        raise SystemFault(_fault(error, asked=not texts)) from None


def _fault(error: OSError, *, asked: bool) -> str:
    """Return what is the matter; `asked`: a program had to tell."""
    if isinstance(error, TimeoutError):
        return "rpm does not answer"
    if asked and isinstance(error, FileNotFoundError):
        return "there is a database of rpm and no rpm to read it"
    return "the list of the system's packages may not be read"


def _text(path: str) -> str:
    with open(path, "rb", opener=without_waiting) as stream:
        data = stream.read(_FILE_BYTES + 1)
    if len(data) > _FILE_BYTES:
        raise SystemFault("the list of the system's packages is larger than 32 MB")
    return data.decode("utf-8", "replace")


def _packages(kind: str, rows: list[list[str]], base: str) -> tuple[str, list[Package]]:
    distribution = host.operating_system(base)[0]
    if not distribution or len(distribution) > _DISTRIBUTION_CHARS or not _DISTRIBUTION.issuperset(distribution):
        raise SystemFault("no os-release says which distribution the system's packages are of")
    if len(rows) > limits.PACKAGES_PER_LOCK:
        raise SystemFault(f"the system has more than {limits.PACKAGES_PER_LOCK} packages")
    packages = [Package(purl(kind, name, distribution), version, SOURCE) for name, version, *_rest in rows]
    return f"{kind}/{distribution}", packages
