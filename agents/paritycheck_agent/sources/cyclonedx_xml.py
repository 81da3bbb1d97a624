"""CycloneDX in XML, read into the same document that its JSON is. Whatever declares a document type is refused."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]

_SPACE = "cyclonedx.org/schema/bom/"
_DEPTH = 1000
_CHARS = 4096
_REFUSED = "declares a document type or an entity, which is refused"
# Everything else is skipped with all that it holds: a tool, a licence, a vulnerability has components of its own.
_LISTS = frozenset({"components", "compositions", "dependencies", "properties"})
_TABLES = frozenset({"bom", "component", "composition", "dependency", "metadata"})
_TEXTS = frozenset({"aggregate", "name", "property", "purl", "scope", "version"})
_KEPT = _LISTS | _TABLES | _TEXTS


class XmlFault(Exception):  # noqa: N818 - read as "raise XmlFault"
    """The text is no XML that is read; what the fault says is safe to show."""


def read(data: bytes) -> Table:
    """Return the document; raise XmlFault for what is no CycloneDX, and for every document type and entity.

    Nothing that a document could declare is of use in a bill of materials, and entities are how XML is made to grow.
    """
    bare = data.replace(b"\0", b"")  # UTF-16 hides the same words between zeros
    if b"<!DOCTYPE" in bare or b"<!ENTITY" in bare:
        raise XmlFault(_REFUSED)
    return parse(data)


def parse(data: bytes) -> Table:
    """Return the document; the parser stops at a declaration by itself, however it is encoded."""
    from pyexpat import ExpatError, ParserCreate

    tree = _Tree()
    parser = ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        raise XmlFault(f"is no XML, line {error.lineno}") from None
    except (ValueError, LookupError):
        raise XmlFault("is no XML in an encoding that is read") from None
    return tree.document()


def _refuse(*_declared: Any) -> None:
    raise XmlFault(_REFUSED)


class _Tree:
    """Takes the elements that count, each a table or a list in its parent, until the last one is closed."""

    def __init__(self) -> None:
        self.root: Table = {}
        self.open: list[tuple[str, Any]] = []
        self.skipped = 0
        self.letters: list[str] = []
        self.known = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element, or skip it with everything inside."""
        space, _blank, tag = name.rpartition(" ")
        if len(self.open) + self.skipped >= _DEPTH:
            # The parser itself remembers every element that is open.
            raise XmlFault(f"nests more than {_DEPTH} elements")
        if self.skipped or tag not in _KEPT:
            self.skipped += 1
            return
        if not self.open:
            self.known = tag == "bom" and _SPACE in space
            attributes = {"specVersion": space.rpartition("/")[2]}
        self.letters.clear()
        self.open.append((tag, [] if tag in _LISTS else dict(attributes)))

    def text(self, letters: str) -> None:
        """Take letters of the element that was opened last."""
        if not self.skipped and len(self.letters) < _CHARS:
            self.letters.append(letters)

    def end(self, _name: str) -> None:
        """Close an element and hang it where it belongs."""
        if self.skipped:
            self.skipped -= 1
            return
        tag, value = self.open.pop()
        if tag in _TEXTS:
            said = "".join(self.letters)[:_CHARS].strip()
            value = {**value, "value": said} if tag == "property" else said
        self.letters.clear()
        if self.open:
            _hang(self.open[-1], tag, value)
        else:
            self.root = value

    def document(self) -> Table:
        """Return what was read."""
        if not self.known:
            raise XmlFault("is XML and no CycloneDX")
        return self.root


def _hang(parent: tuple[str, Any], tag: str, value: Any) -> None:
    """Put an element into its parent as the JSON of CycloneDX has it."""
    place, holder = parent
    if isinstance(holder, list):
        if isinstance(value, dict):
            holder.append(value)
    elif place == tag == "dependency":
        holder.setdefault("dependsOn", []).append(value.get("ref", ""))
    elif tag not in holder or place != "component" or tag in _LISTS:
        holder[tag] = value
