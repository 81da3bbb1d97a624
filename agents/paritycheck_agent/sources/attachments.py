"""The backing services that configuration attaches, each under its handle, and what files declare for them."""

from __future__ import annotations

from paritycheck_agent.sources import beside, logins, targets
from paritycheck_agent.sources.declarations import Declared, related
from paritycheck_agent.sources.schemes import IN_PROCESS
from paritycheck_agent.wire.limits import NAME_CHARS
from paritycheck_agent.wire.secrets import suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.connection.target import Target
    from paritycheck_agent.sources.configuration import Configuration

KEYS = 16


class Attachment:
    """One service under one handle: the configuration names that attach it, where they stand, and its place."""

    __slots__ = ("declared", "handle", "keys", "sources", "target")

    def __init__(self, handle: str, target: Target) -> None:
        self.handle = handle
        self.target = target
        self.keys: list[str] = []
        self.sources: list[str] = []
        self.declared: Declared | None = None


def discover(found: Configuration) -> list[Attachment]:
    """Every attachment, ordered by handle. Two names that make one handle share it if they lead to one place."""
    by_handle: dict[str, Attachment] = {}
    for key, target, sources in sorted(_targets(found), key=lambda one: one[0]):
        handle = targets.handle_of(key)
        other = by_handle.get(handle)
        if other is not None and (other.target.kind, _place(other)) != (target.kind, targets.place(target)):
            handle = targets.whole_handle(key)
        attachment = by_handle.setdefault(handle, Attachment(handle, target))
        if len(attachment.keys) < KEYS:
            attachment.keys.append(key)
            attachment.sources += sources
    return [by_handle[handle] for handle in sorted(by_handle) if handle]


def _place(attachment: Attachment) -> tuple[str, int, str] | None:
    return targets.place(attachment.target)


def _targets(found: Configuration) -> Iterator[tuple[str, Target, list[str]]]:
    values = dict(_values(found))
    texts = {key: value for key, (value, _) in values.items()}
    for key, (value, sources) in values.items():
        if len(key) > NAME_CHARS or suspected(key, entropy=True):
            continue
        target = targets.parse(key, value) or targets.from_parts(key, texts)
        if target is not None:
            logins.complete(target, key, texts)
            beside.complete(target, key, texts)
            target.folder = found.context.root
            yield key, target, sources


def _values(found: Configuration) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """Values by name: those of the allow-list, and of the process all others too, for a URL names its own kind."""
    for name, variable in found.variables.items():
        value = variable.value if variable.value is not None or not found.candidate else found.examples.get(name)
        if value:
            yield name, (value, variable.sources[:1])
    if not found.candidate:
        for name, value in found.context.environ.items():
            if name not in found.variables and not _foreign(name):
                yield name, (value, ["env"])


def _foreign(name: str) -> bool:
    return name.startswith(("PARITY_", "KUBERNETES_")) or name.endswith("_SERVICE_HOST")


def declare(attachments: list[Attachment], declared: list[Declared], *, candidate: bool) -> list[Declared]:
    """Give each attachment what files declare for it; returns those that no attachment leads to."""
    asked = [one for one in attachments if one.target.kind not in IN_PROCESS]
    for attachment in asked:
        attachment.declared = _certain(attachment.target, declared)
    taken = {one.declared.container.name for one in asked if one.declared}
    for attachment in asked:
        if attachment.declared is None:
            attachment.declared = _alone(attachment.target, declared, taken, certain=candidate)
    taken |= {one.declared.container.name for one in asked if one.declared}
    return [one for one in declared if one.container.name not in taken]


def _certain(target: Target, declared: list[Declared]) -> Declared | None:
    """The container whose name is the URL's host, or whose published port this host's loopback has."""
    for one in declared:
        container, kind = one.container, one.image.kind
        # Any port of it: those who catch mail in development listen on 1025, and not on 25.
        published = target.loopback and not target.path and target.port in container.ports.values()
        if target.host.lower() in container.names or (published and related(kind, target.kind)):
            return _made(one, certain=True)
    return None


def _alone(target: Target, declared: list[Declared], taken: set[str], *, certain: bool) -> Declared | None:
    """The only container of the kind that is left: what is declared for it, though perhaps not what it runs."""
    left = [one for one in declared if one.container.name not in taken and related(one.image.kind, target.kind)]
    return _made(left[0], certain=certain) if len(left) == 1 else None


def _made(one: Declared, *, certain: bool) -> Declared:
    made = Declared(one.origin, one.container, one.image, certain=certain)
    made.sources, made.written = one.sources, one.written
    return made
