"""What a YAML document is made of: scalars, sequences and mappings, each with its line; and merge keys."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Node = Union["Scalar", "Sequence", "Mapping"]

NULLS = frozenset(["", "~", "null", "Null", "NULL"])
MERGED_ENTRIES = 100_000


class YamlError(Exception):
    """A document that is not read: `reason` is one of the closed list of facts.md, `line` counts from 1."""

    def __init__(self, reason: str, line: int, detail: str) -> None:
        super().__init__(f"line {line}: {detail}")
        self.reason = reason
        self.line = line


class Scalar:
    """A text as it is written, unescaped and folded. `plain` says that it stood without quotes."""

    __slots__ = ("line", "plain", "tag", "text")

    def __init__(self, text: str, line: int, *, plain: bool, tag: str | None = None) -> None:
        self.text = text
        self.line = line
        self.plain = plain
        self.tag = tag

    @property
    def null(self) -> bool:
        return self.plain and self.tag is None and self.text in NULLS


class Sequence:
    """Nodes in order."""

    __slots__ = ("items", "line", "tag")

    def __init__(self, items: list[Node], line: int, *, tag: str | None = None) -> None:
        self.items = items
        self.line = line
        self.tag = tag


class Mapping:
    """`entries` holds the nodes by key, merge keys already followed; `keys` the key nodes, which know their lines."""

    __slots__ = ("entries", "keys", "line", "tag")

    def __init__(self, line: int, *, tag: str | None = None) -> None:
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Scalar] = {}
        self.line = line
        self.tag = tag

    def add(self, key: Scalar, value: Node) -> None:
        if key.text in self.entries:
            raise YamlError("parse-failed", key.line, "a key stands twice in one mapping")
        self.entries[key.text] = value
        self.keys[key.text] = key

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)

    def child(self, key: str) -> Mapping | None:
        """The mapping under `key`, None where there is none or something else stands there."""
        node = self.entries.get(key)
        return node if isinstance(node, Mapping) else None

    def text(self, key: str) -> str | None:
        """The text under `key`, None where there is none, it is null, or a collection stands there."""
        node = self.entries.get(key)
        return node.text if isinstance(node, Scalar) and not node.null else None


class Merger:
    """Follows `<<`. Keys of the mapping itself win, then those of the mapping named first."""

    def __init__(self) -> None:
        self.left = MERGED_ENTRIES

    def follow(self, mapping: Mapping) -> None:
        key = mapping.keys.get("<<")
        if key is None or not key.plain:
            return
        source = mapping.entries.pop("<<")
        del mapping.keys["<<"]
        for other in _mappings(source, key.line):
            self._spend(len(other.entries), key.line)
            for name, node in other.entries.items():
                if name not in mapping.entries:
                    mapping.entries[name] = node
                    mapping.keys[name] = other.keys[name]

    def _spend(self, count: int, line: int) -> None:
        self.left -= count
        if self.left < 0:
            raise YamlError("too-large", line, f"merge keys give more than {MERGED_ENTRIES} entries")


def _mappings(source: Node, line: int) -> list[Mapping]:
    found = source.items if isinstance(source, Sequence) else [source]
    mappings = [node for node in found if isinstance(node, Mapping)]
    if len(mappings) != len(found):
        raise YamlError("parse-failed", line, "a merge key names something else than mappings")
    return mappings
