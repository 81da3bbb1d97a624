"""A software bill of materials, in whichever form: CycloneDX JSON or XML, SPDX 2 JSON or tag-value, SPDX 3 JSON-LD.

Its packages come as a lock has them, with the path of the file as their source. The form is told by what the file
holds, never by its name.
"""

from __future__ import annotations

from paritycheck_agent.packages import Lock, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Sibling = Callable[[str], "bytes | None"]

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FORMS = "no CycloneDX (JSON, XML) and no SPDX (JSON, tag-value) that is read"


def read(data: bytes, path: str, _sibling: Sibling) -> Lock:
    """Return the packages of a bill of materials; one that cannot be read gives a lock without packages, not whole."""
    lock = Lock(path)
    start = data[:256]
    for mark in _MARKS:
        start = start.removeprefix(mark)
    start = start.replace(b"\0", b"").lstrip()
    if start.startswith(b"<"):
        _read_xml(data, lock)
        return lock
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lock.incomplete("is not UTF-8")
        return lock
    if start.startswith((b"{", b"[")):
        _read_json(written, lock)
    else:
        _read_tags(written, lock)
    return lock


def _read_xml(data: bytes, lock: Lock) -> None:
    from paritycheck_agent.sources import cyclonedx, cyclonedx_xml

    try:
        document = cyclonedx_xml.read(data)
    except cyclonedx_xml.XmlFault as fault:
        lock.incomplete(str(fault))
        return
    cyclonedx.fill(document, lock)


def _read_json(written: str, lock: Lock) -> None:
    import json

    from paritycheck_agent.sources import cyclonedx, spdx, spdx3

    try:
        document: dict[str, Any] = table(json.loads(written))
    except json.JSONDecodeError as error:
        lock.incomplete(f"is no JSON, line {error.lineno}")
        return
    except (ValueError, RecursionError):
        lock.incomplete("is no JSON of a bill of materials")
        return
    if cyclonedx.is_one(document):
        cyclonedx.fill(document, lock)
    elif spdx.is_one(document):
        spdx.fill(document, lock)
    elif spdx3.is_one(document):
        spdx.fill(spdx3.convert(document), lock)
    else:
        lock.incomplete(_FORMS)


def _read_tags(written: str, lock: Lock) -> None:
    from paritycheck_agent.sources import spdx, spdx_tags

    written = written.replace("\r\n", "\n")
    if not spdx_tags.is_one(written):
        lock.incomplete(_FORMS)
        return
    document, closed = spdx_tags.read(written)
    spdx.fill(document, lock)
    if not closed:
        lock.incomplete("a value is not closed, what follows it is not read")
