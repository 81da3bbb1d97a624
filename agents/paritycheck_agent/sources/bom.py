"""A bill of materials as every format tells it: components and who asks for whom. What of it is a package, and how."""

from __future__ import annotations

from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, Lock, Package, pep440, reach
from paritycheck_agent.wire.purl import parsed, purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NEEDED = ""
# Types of packages that are known by more than their type: whose distribution it is comes before the name.
SYSTEM = frozenset({"alpm", "apk", "deb", "rpm"})
_REFERENCES = 200_000


class Component:
    """One component. `ref` is its name inside the document; `version` counts where the package URL has none."""

    __slots__ = ("conditional", "groups", "package_url", "ref", "version")

    def __init__(
        self, ref: str, package_url: str, version: str, groups: Iterable[str] = (), *, conditional: bool = False
    ) -> None:
        self.ref = ref
        self.package_url = package_url
        self.version = version
        self.groups = frozenset(groups)
        self.conditional = conditional


class Bom:
    """Components; `roots`, the refs of what the document describes; and what each ref asks for, by kind of need.

    A kind is NEEDED or the group for which alone it is asked. `nameless` counts components that ought to be packages
    and have no package URL.
    """

    __slots__ = ("components", "edges", "nameless", "roots")

    def __init__(self) -> None:
        self.components: list[Component] = []
        self.roots: set[str] = set()
        self.edges: dict[str, list[tuple[str, str]]] = {}
        self.nameless = 0

    def ask(self, who: str, whom: str, kind: str = NEEDED) -> None:
        """Note that one component asks for another."""
        self.edges.setdefault(who, []).append((whom, kind))

    def fill(self, lock: Lock) -> None:
        """Put the packages into a lock: what is described is none of them."""
        if sum(map(len, self.edges.values())) > _REFERENCES:
            lock.warn(f"more than {_REFERENCES} dependencies among its components: which are direct is not told")
            self.edges.clear()
        direct, needed, asked = self._asked_by_roots()
        for component in self.components:
            name, version = _package(component)
            if component.ref in self.roots:
                lock.local.update({name} if name else ())
                continue
            if not name:
                self.nameless += 1
                continue
            groups = component.groups
            if not groups and component.ref in asked and component.ref not in needed:
                groups = frozenset(asked[component.ref])
            lock.add(
                Package(
                    name,
                    version or None,
                    lock.path,
                    direct=component.ref in direct if direct else None,
                    groups=groups,
                    conditional=component.conditional or OPTIONAL in groups or DEVELOPMENT in groups,
                )
            )
        if self.nameless:
            lock.incomplete(f"components without a package URL are left out: {self.nameless}")

    def _asked_by_roots(self) -> tuple[set[str], set[str], dict[str, set[str]]]:
        """Return what the roots ask for; what can be reached by need alone; and for which groups the rest is asked."""
        direct = {whom for root in self.roots for whom, _kind in self.edges.get(root, ())} - self.roots
        needed = reach(self.roots, lambda ref: (whom for whom, kind in self.edges.get(ref, ()) if not kind))
        asked: dict[str, set[str]] = {}
        for group in {kind for targets in self.edges.values() for _whom, kind in targets if kind}:
            starts = {whom for targets in self.edges.values() for whom, kind in targets if kind == group}
            for ref in reach(starts, lambda ref: (whom for whom, kind in self.edges.get(ref, ()) if not kind)):
                asked.setdefault(ref, set()).add(group)
        return direct, needed, asked


def _package(component: Component) -> tuple[str, str]:
    """Return the canonical name and the version of a component, empty strings where it has no package URL."""
    found = parsed(component.package_url)
    if found is None:
        return "", ""
    kind, namespace, name, version, epoch = found
    version = version or component.version
    if kind == "pypi":
        return purl(kind, name), pep440(version)
    if kind == "npm":
        return purl(kind, f"{namespace}/{name}" if namespace else name), version
    if kind == "rpm" and epoch.isdigit() and epoch.strip("0") and ":" not in version:
        version = f"{epoch}:{version}"
    return purl(kind, name, namespace), version


def ecosystem_of(name: str) -> str:
    """Return the ecosystem of a package: the type of its URL, of a system's package with its distribution."""
    kind, _slash, rest = name.removeprefix("pkg:").partition("/")
    return f"{kind}/{rest.partition('/')[0]}" if kind in SYSTEM and "/" in rest else kind
