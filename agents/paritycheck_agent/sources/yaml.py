"""An own YAML reader: the documents of a text as nodes that know their lines.

It knows block and flow collections, plain, quoted and block scalars, comments, anchors, aliases, tags (kept as
written), merge keys and several documents. Anything else is a `YamlError`, never a guess. PyYAML is the oracle
in the tests; unlike it, a key that stands twice is refused, as docker compose refuses it.
"""

from __future__ import annotations

from paritycheck_agent.sources.yaml_flow import Flow
from paritycheck_agent.sources.yaml_nodes import Mapping, Scalar, Sequence, YamlError
from paritycheck_agent.sources.yaml_text import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.sources.yaml_nodes import Node

__all__ = ["Mapping", "Scalar", "Sequence", "YamlError", "documents"]

SIZE = 1024 * 1024


def documents(text: str) -> list[Node]:
    """The root node of every document; an empty document is a null scalar. Raises YamlError."""
    if len(text) > SIZE:
        raise YamlError("too-large", 1, f"more than {SIZE} characters")
    return _Reader(Text(text)).documents()


class _Reader(Flow):
    def documents(self) -> list[Node]:
        source = self.source
        roots: list[Node] = []
        source.gap()
        while source.at < len(source.text):
            explicit = self._document_start()
            if source.at >= len(source.text) and not explicit:
                break
            self.anchors = {}
            roots.append(self._value(-1))
            source.gap()
            if not source.ended:
                source.broken("more than one value in a document")
            self._document_end()
        return roots

    def _document_start(self) -> bool:
        source = self.source
        while source.peek() == "%" and source.column == 0:
            if not source.text.startswith("%YAML ", source.at):
                source.refuse("a directive other than %YAML")
            source.at = (source.text + "\n").index("\n", source.at)
            source.gap()
        explicit = source.ended and source.text.startswith("---", source.at)
        if explicit:
            source.at += 3
        return explicit

    def _document_end(self) -> None:
        source = self.source
        while source.ended and source.text.startswith("...", source.at):
            source.at += 3
            source.gap()

    # Block collections

    def _value(self, parent: int, *, compact: bool = False, dash: bool = False) -> Node:
        """The node behind an indicator. `compact`: a block collection may begin on this very line; `dash`: a
        sequence may stand at the parent's own column.
        """
        line = self.source.line
        self._deeper()
        self.source.gap()
        node: Node
        if self.source.fresh or compact:
            node = self._block(parent, line, dash=dash)
        elif self.source.ended:
            node = Scalar("", line, plain=True)
        else:
            node = self._inline(parent, dash=dash)
        self.depth -= 1
        return node

    def _block(self, parent: int, line: int, *, dash: bool) -> Node:
        """The node that is the first thing on its line, or behind a dash; null where the line is not indented."""
        source = self.source
        column, listed = source.column, source.indicator("-")
        if source.ended or column < parent or (column == parent and not (dash and listed)):
            return Scalar("", line, plain=True)
        if listed:
            return self._sequence(column)
        if source.indicator("?"):
            source.refuse("a key that is marked with ?")
        if self._at_key():
            return self._mapping(column)
        return self._inline(parent, dash=dash)

    def _inline(self, parent: int, *, dash: bool) -> Node:
        """A scalar, an alias or a flow collection, or, behind an anchor or a tag, what the next lines hold."""
        source, line = self.source, self.source.line
        anchor, tag = self._properties()
        if not (anchor or tag):
            return self._single(parent)
        source.gap()
        if source.fresh or source.ended:
            self._deeper()
            node = self._block(parent, line, dash=dash)
            self.depth -= 1
        else:
            node = self._single(parent)
        return self._named(node, anchor, tag, line)

    def _sequence(self, column: int) -> Sequence:
        source = self.source
        items: list[Node] = []
        sequence = Sequence(items, source.line)
        while True:
            source.at += 1
            items.append(self._value(column, compact=True))
            if not self._goes_on(column) or not source.indicator("-"):
                return sequence

    def _mapping(self, column: int) -> Mapping:
        source = self.source
        mapping = Mapping(source.line)
        while True:
            line = source.line
            anchor, tag = self._properties()
            source.gap()
            key = self._key()
            if key is None:
                source.broken("a key and a colon are expected")
            self._named(key, anchor, tag, line)
            source.take_colon()
            mapping.add(key, self._value(column, dash=True))
            if not self._goes_on(column):
                break
        self.merger.follow(mapping)
        return mapping

    def _goes_on(self, column: int) -> bool:
        """Whether the next thing stands at `column`; False where it stands further left or nothing is left."""
        source = self.source
        source.gap()
        if source.ended or (source.fresh and source.column < column):
            return False
        if not source.fresh or source.column > column:
            source.broken("something stands where a line should end or begin")
        return True

    def _at_key(self) -> bool:
        source, start, line = self.source, self.source.at, self.source.line
        self._properties()
        source.gap()
        found = source.line == line and self._key() is not None
        source.at = start
        return found

    def _key(self) -> Scalar | None:
        """A scalar on one line with a colon behind it; None, and nothing taken, where there is none."""
        source = self.source
        if source.peek() not in ("'", '"') or source.ended:
            return source.key_text()
        start = source.at
        key = source.quoted()
        if source.line == key.line and source.colon_follows():
            return key
        source.at = start
        return None

    # What stands on one line

    def _single(self, parent: int) -> Node:
        source = self.source
        sign = source.peek()
        if sign in ("|", ">"):
            return source.block_scalar(parent)
        node: Node
        if sign == "*":
            node = self._alias()
        elif sign in ("[", "{"):
            node = self._flow()
        elif sign in ("'", '"'):
            node = source.quoted()
        else:
            return source.plain(parent, flow=False)
        if source.colon_follows():
            source.refuse("a key that is not a plain or quoted text on one line")
        return node
