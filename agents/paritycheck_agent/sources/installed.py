"""What is installed here: of Python in the interpreter that counts, of npm in node_modules, of an image's system."""

from __future__ import annotations

import os
import posixpath

from paritycheck_agent.packages import Package
from paritycheck_agent.sources import distributions, interpreter, machine
from paritycheck_agent.sources.locked import kept_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.node_modules import Tree

PYTHON, NPM = "pypi", "npm"


class Installed:
    """What is installed by ecosystem and name; an ecosystem that is not in it is not known. `local`: no packages.

    `editable` are Python's projects that are installed from their own trees: packages only where a lock lists them.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.packages: dict[str, dict[str, list[Package]]] = {}
        self.local: set[str] = set()
        self.editable: dict[str, list[Package]] = {}
        self.warnings: list[str] = []

    def read(self, folders: Sequence[str], locked_npm: set[str]) -> None:
        """Look at everything; `locked_npm` are the folders of which a lock says what npm has to install."""
        self._read_python()
        self._read_npm(folders, locked_npm)
        wanted = self._wants_system()
        if wanted if wanted is not None else machine.kind_of(self.context.environ) in machine.IMAGES:
            self._read_system(asked=wanted is True)

    def _take(self, ecosystem: str, packages: Iterable[Package]) -> None:
        by_name = self.packages.setdefault(ecosystem, {})
        for package in packages:
            by_name.setdefault(package.name, []).append(package)

    def _read_python(self) -> None:
        context = self.context
        try:
            found = interpreter.find(context.root, context.environ, context.settings)
            if found is not None:
                self._take_python(distributions.installed(found.folders, state_dir=context.state_dir))
        except interpreter.InterpreterFault as fault:
            self.warnings.append(f"{fault}: nothing is known of what is installed")
        except OSError:
            said = "the packages of the interpreter may not be read: nothing is known of what is installed"
            self.warnings.append(said)

    def _take_python(self, packages: Sequence[Package]) -> None:
        self._take(PYTHON, (package for package in packages if package.origin != "local"))
        for package in packages:
            if package.origin == "local":
                own = Package(package.name, package.version, package.source, origin="path")
                self.editable[package.name] = [own]

    def _read_npm(self, folders: Sequence[str], locked: set[str]) -> None:
        """Read node_modules of each folder. Facts have no folder, so that one which is missing leaves all unknown."""
        trees = {folder: tree for folder in folders if (tree := self._tree(folder)) is not None}
        if not trees:
            return
        missing = sorted(locked - trees.keys())
        whole = all(tree.whole for tree in trees.values())
        for tree in trees.values():
            self.warnings += tree.warnings
            self.local |= tree.local
        if missing:
            path = posixpath.join(missing[0], "node_modules")
            self.warnings.append(f"{path} is not there: nothing is known of what is installed of npm")
        elif whole:
            self._take(NPM, (package for tree in trees.values() for package in tree.packages))

    def _tree(self, folder: str) -> Tree | None:
        top = os.path.join(self.context.root, folder) if folder else self.context.root
        if not os.path.isdir(os.path.join(top, "node_modules")):
            return None
        from paritycheck_agent.sources import node_modules

        kept = kept_in(self.context, posixpath.join(folder, "node_modules"))
        return node_modules.read(top, folder, kept)

    def _wants_system(self) -> bool | None:
        """Whether packages of the system count, as `[dependencies] system` says; None leaves it to the machine."""
        settings = self.context.settings.get("dependencies")
        said = settings.get("system") if isinstance(settings, dict) else None
        return said if isinstance(said, bool) else None

    def _read_system(self, *, asked: bool) -> None:
        from paritycheck_agent.sources import system_packages

        try:
            ecosystem, packages = system_packages.installed(kept_in(self.context, "/"))
        except system_packages.SystemFault as fault:
            self.warnings.append(f"{fault}: nothing is known of what the system has installed")
            return
        if ecosystem:
            self._take(ecosystem, packages)
        elif asked:
            self.warnings.append("no dpkg, apk or rpm: nothing is known of what the system has installed")
