"""The parts of YAML that stand anywhere: anchors, aliases, tags, and collections between brackets."""

from __future__ import annotations

import re

from paritycheck_agent.sources.yaml_nodes import Mapping, Merger, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.sources.yaml_nodes import Node
    from paritycheck_agent.sources.yaml_text import Text

DEPTH = 64
NAME = re.compile(r"[&*]([\w-]+)(?=[\s,\[\]{}]|\Z)", re.ASCII)
TAG = re.compile(r"!(?:<[^\s<>]*>|[^\s,\[\]{}]*)(?=[\s,\]}]|\Z)", re.ASCII)


class Flow:
    """Takes flow collections from a text; the reader of blocks builds on it."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.anchors: dict[str, Node] = {}
        self.merger = Merger()
        self.alias: Node | None = None
        self.depth = 0

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            self.source.refuse(f"nested deeper than {DEPTH}")

    # Anchors, aliases, tags

    def _properties(self) -> tuple[str | None, str | None]:
        source = self.source
        anchor = tag = None
        while source.peek() in ("&", "!") and source.peek():
            if source.peek() == "&":
                if anchor:
                    source.broken("two anchors for one node")
                anchor = self._name()
            else:
                match = TAG.match(source.text, source.at)
                if match is None or tag:
                    source.refuse("a tag of a form that is not known")
                tag = match[0]
                source.at = match.end()
            while source.peek() == " ":
                source.at += 1
        return anchor, tag

    def _name(self) -> str:
        match = NAME.match(self.source.text, self.source.at)
        if match is None:
            self.source.refuse("an anchor or alias whose name is not of letters, digits, - and _")
        self.source.at = match.end()
        return match[1]

    def _named(self, node: Node, anchor: str | None, tag: str | None, line: int) -> Node:
        if anchor or tag:
            if node is self.alias or (tag and node.tag):
                self.source.broken("an alias with an anchor or a tag, or two tags for one node")
            node.line = line
            node.tag = tag
        if anchor:
            self.anchors[anchor] = node
        return node

    def _alias(self) -> Node:
        name = self._name()
        if name not in self.anchors:
            self.source.broken("an alias that no anchor before it names")
        self.alias = self.anchors[name]
        return self.alias

    # Flow collections

    def _flow(self) -> Node:
        """The node that stands here between brackets or braces; null where a comma or an end stands."""
        self._deeper()
        source, line = self.source, self.source.line
        anchor, tag = self._properties()
        source.gap()
        sign = source.peek()
        node: Node
        if sign == "[":
            node = self._flow_sequence()
        elif sign == "{":
            node = self._flow_mapping()
        elif sign == "*" and sign:
            node = self._alias()
        elif sign in ("'", '"'):
            node = source.quoted()
        elif sign in (",", "]", "}") or source.colon_follows(flow=True):
            node = Scalar("", line, plain=True)
        else:
            node = source.plain(-1, flow=True)
        self.depth -= 1
        return self._named(node, anchor, tag, line)

    def _flow_items(self, close: str) -> Iterator[None]:
        """Once for each item between the brackets; the caller takes the item."""
        source = self.source
        source.at += 1
        source.gap()
        while source.peek() != close:
            if source.ended or source.peek() == ",":
                source.broken("a bracket is not closed, or a comma stands alone")
            if source.indicator("?"):
                source.refuse("a key that is marked with ?")
            yield
            source.gap()
            if source.peek() == ",":
                source.at += 1
                source.gap()
            elif source.peek() != close:
                source.broken("a comma or a closing bracket is expected")
        source.at += 1

    def _flow_sequence(self) -> Sequence:
        items: list[Node] = []
        sequence = Sequence(items, self.source.line)
        for _ in self._flow_items("]"):
            item = self._flow()
            pair = self._flow_value(item)
            if pair is None:
                items.append(item)
            else:
                mapping = Mapping(item.line)
                mapping.add(self._as_key(item), pair)
                items.append(mapping)
        return sequence

    def _flow_mapping(self) -> Mapping:
        mapping = Mapping(self.source.line)
        for _ in self._flow_items("}"):
            key = self._flow()
            value = self._flow_value(key)
            mapping.add(self._as_key(key), Scalar("", key.line, plain=True) if value is None else value)
        self.merger.follow(mapping)
        return mapping

    def _flow_value(self, key: Node) -> Node | None:
        """The node behind a colon; None where no colon follows."""
        source = self.source
        source.gap()
        tight = not (isinstance(key, Scalar) and key.plain)
        if not source.colon_follows(flow=True, tight=tight):
            return None
        source.take_colon()
        source.gap()
        return self._flow()

    def _as_key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self.source.refuse("a key that is not a text")
        return node
