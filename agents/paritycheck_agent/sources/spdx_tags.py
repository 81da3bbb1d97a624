"""SPDX 2 in tag-value form, line by line, read into the document that its JSON is.

`Tag: value`, a value between `<text>` and `</text>` over as many lines as it likes: what looks like a tag in there is
none. A package begins with PackageName and ends where a file, a snippet or the next package begins.
"""

from __future__ import annotations

from paritycheck_agent.sources.spdx import package, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Table = dict[str, Any]

_OPEN, _CLOSE = "<text>", "</text>"
_OTHERS = frozenset({"FileName", "SnippetSPDXID", "LicenseID", "Relationship", "Reviewer", "Annotator"})
_RELATED = 3


def is_one(text: str) -> bool:
    """Whether the beginning of a text is that of a document in tag-value form."""
    return any(row.startswith("SPDXVersion:") for row in text[:65536].split("\n"))


def read(text: str) -> tuple[Table, bool]:
    """Return the document, and whether every value in it is closed."""
    document: Table = {"packages": [], "relationships": []}
    current: Table | None = None
    whole = True
    for tag, value, closed in _tags(text):
        whole = whole and closed
        if tag == "SPDXVersion":
            document["spdxVersion"] = value
        elif tag == "PackageName":
            current = package("", "", "")
            document["packages"].append(current)
        elif tag == "Relationship":
            _relate(document, value)
        elif tag in _OTHERS:
            current = None
        elif current is not None:
            _note(current, tag, value)
    return document, whole


def _relate(document: Table, value: str) -> None:
    parts = value.split()
    if len(parts) >= _RELATED:
        document["relationships"].append(relation(parts[0], parts[1], parts[2]))


def _note(current: Table, tag: str, value: str) -> None:
    if tag == "SPDXID":
        current["SPDXID"] = value
    elif tag == "PackageVersion":
        current["versionInfo"] = value
    elif tag == "PrimaryPackagePurpose":
        current["primaryPackagePurpose"] = value
    elif tag == "ExternalRef":
        parts = value.split()
        if len(parts) >= _RELATED:
            current["externalRefs"].append({"referenceType": parts[1], "referenceLocator": parts[2]})


def _tags(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield (tag, value, whether the value is closed); of a value in text marks the first line alone."""
    inside = ""
    for row in text.split("\n"):
        if inside:
            inside = "" if _CLOSE in row else inside
            continue
        tag, colon, value = row.partition(":")
        value = value.strip()
        if not colon or row.startswith("#"):
            continue
        if value.startswith(_OPEN):
            value = value[len(_OPEN) :]
            inside = "" if _CLOSE in value else tag
            value = value.partition(_CLOSE)[0].strip()
        yield tag.strip(), value, True
    if inside:
        yield inside, "", False
