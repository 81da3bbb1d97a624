"""environment.yml of conda: what is wanted, pinned or not, and below `pip:` what pip is to install.

`name=1.2.3=build` and `name==1.2.3` are pins. With one `=` conda takes any version that begins so: that is a pin where
it has three numbers or more, and in what `conda env export` wrote: all with builds, or with a `prefix` at the end.
"""

from __future__ import annotations

from paritycheck_agent import block_yaml
from paritycheck_agent.packages import Lock, Package, archived, pep440, table, text
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("environment.yml", "environment.yaml")
ECOSYSTEM = "conda"

_NAME = r"(?:[A-Za-z0-9_./:@-]{0,200}::)?([A-Za-z0-9_][A-Za-z0-9_.-]{0,200})"
_VERSION = r"[0-9A-Za-z_.!+-]{1,128}"
_SPECIFIED = rf"{_NAME}(?:\s*(==?)\s*|\s+)({_VERSION})(?:(?:\s*=\s*|\s+)({_VERSION}|\*))?"
_PIP_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?"
_PIP_PIN = r"\s*===?\s*([^\s,;*<>=!~][^\s,;*]{0,127})\s*(?:;.*)?"
_EXACT_NUMBERS = 3


def read(data: bytes, path: str, _sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what an environment.yml says: whole is only what conda exported, for else it says not what is needed."""
    lock = Lock(path)
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return lock
    documents, odd = block_yaml.documents(written)
    lock.odd_lines(odd)
    document = table(documents[0]) if documents else {}
    wanted = document.get("dependencies")
    if not isinstance(wanted, block_yaml.Items):
        lock.incomplete("lists no dependencies, or not one on each line")
        return lock
    _fill(lock, wanted, exported="prefix" in document or _has_builds(wanted))
    return lock


def _has_builds(wanted: list[object]) -> bool:
    """Whether conda wrote a list: `name=version=build` is what nobody writes by hand for all packages."""
    plain = [text(item) for item in wanted if not isinstance(item, dict)]
    return bool(plain) and all(item.count("=") == len(("version", "build")) for item in plain)


def _fill(lock: Lock, wanted: block_yaml.Items, *, exported: bool) -> None:
    direct = None if exported else True
    for number, item in zip(wanted.lines, wanted):
        listed = table(item).get("pip")
        if isinstance(listed, block_yaml.Items):
            for line, requirement in zip(listed.lines, listed):
                _add_pip(lock, text(requirement), lock.source(line), direct=direct)
            continue
        found = _conda(text(item), exported=exported)
        if found is None:
            lock.incomplete(f"line {number} is no package of conda")
        else:
            lock.add(Package(purl(ECOSYSTEM, found[0]), found[1], lock.source(number), direct=direct))
    if lock.whole and not exported:
        lock.incomplete("is no lock: what its packages need in turn is not known")


def _conda(spec: str, *, exported: bool) -> tuple[str, str | None] | None:
    """Return name and version of a match specification, the version None for what is no pin; None for what is none."""
    import re

    match = re.fullmatch(_SPECIFIED, spec)
    if match is not None:
        name, operator, version, build = match.groups()
        numbers = [part for part in version.split(".") if part[:1].isdigit()]
        pinned = operator != "=" or build is not None or exported or len(numbers) >= _EXACT_NUMBERS
        return name, version if pinned else None
    named = re.match(_NAME, spec)
    return (named.group(1), None) if named else None


def _add_pip(lock: Lock, line: str, source: str, *, direct: bool | None) -> None:
    import re

    match = re.match(_PIP_NAME, line)
    if line.startswith(("-", "./", "../", "/")) or match is None:
        lock.incomplete("an option, a file or a folder below `pip:` is not read")
        return
    rest = line[match.end() :]
    origin, version = "registry", None
    if rest.startswith(("://", "+", ":")):
        lock.incomplete("an address without a name below `pip:` is not read")
        return
    if "@" in rest.partition(";")[0]:
        address = rest.partition("@")[2].partition(";")[0].strip()
        origin = "vcs" if address.startswith("git+") else "path" if address.startswith("file:") else "url"
        version = None if origin == "vcs" else archived(address.partition("#")[0])[1]
    else:
        pin = re.fullmatch(_PIP_PIN, rest)
        version = pep440(pin.group(1)) if pin else None
    lock.add(
        Package(purl("pypi", match.group(1)), version, source, direct=direct, origin=origin, conditional=";" in rest)
    )
