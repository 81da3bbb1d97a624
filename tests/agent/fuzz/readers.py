"""Every reader of text or bytes in the agent, each with files as they should be."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

from paritycheck_agent.context import Context
from paritycheck_agent.sources import sbom, targets
from paritycheck_agent.sources.lock_formats import FORMATS
from tests.agent.fuzz import answers, checkouts, keeping, machine
from tests.agent.fuzz.reading import Seed, delivered, each_section, in_place, lay_out, loaded, told, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"
MORE = {"compose.yaml": "compose.yaml", ".github/workflows/ci.yml": "workflow.yml", "k8s/web.yaml": "manifests.yaml"}
YAML = Path(__file__).parents[1] / "sources" / "yaml"
MODULES = {name: module for names, _ecosystem, module, _every in FORMATS for name in names}
# Files of the fixtures that lock readers look at beside the lock.
BESIDE = frozenset({
    "package.json", "pyproject.toml", "Pipfile", "Cargo.toml", "composer.json", "go.sum", "Gemfile", "mix.exs",
    "requirements.in", "requirements-dev.txt",
})  # fmt: skip
ALL = ("config", "services", "processes", "runtime", "migrations")
# What looks at a file of the checkout, where that is not every section.
SECTIONS = {
    "compose/extra.yaml": ALL[:3], "Procfile": ("processes",), ".github/workflows/ci.yml": ("services",),
    ".gitlab-ci.yml": ("services",), "ci/more.yml": ("services",), "bitbucket-pipelines.yml": ("services",),
    ".circleci/config.yml": ("services",), "app.json": ALL[:3], "k8s/web.yaml": ("services",),
    "k8s/kustomization.yaml": ("services",), "charts/shop/Chart.yaml": ("services",),
    "charts/shop/values.yaml": ("services",), "package.json": ("processes", "runtime"),
    "pyproject.toml": ("processes", "runtime", "migrations"), "mise.toml": ("runtime",), ".tool-versions": ("runtime",),
    ".nvmrc": ("runtime",), "rust-toolchain.toml": ("runtime",), "shop/apps.py": ("migrations",),
    "shop/migrations/0002_more.py": ("migrations",), "alembic.ini": ("migrations",),
    "alembic/versions/a.py": ("migrations",),
}  # fmt: skip


def seeds(place: Path, server: answers.Server) -> list[Seed]:
    """All seeds; `place` is an empty folder to write in, `server` what the probes ask."""
    found = [*_locks(), *_sboms(), *_checkout(place / "checkout"), *machine.seeds(place / "machine")]
    return [*found, *keeping.seeds(place / "state"), *_said(place / "answers", server)]


def _bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _stored(folder: Path, path: str) -> bytes | None:
    for each in (folder / path, folder / f"{path}.gz"):
        with contextlib.suppress(OSError):  # a changed lock may name a file whose name is too long
            if each.is_file():
                return _bytes(each)
    return None


def _locks() -> Iterator[Seed]:
    for path in sorted(FIXTURES.rglob("*")):
        name = path.name.removesuffix(".gz")
        if path.is_file() and name in MODULES and path.parent.name != "node_modules":
            module = MODULES[name]
            short = f"lock {module.rpartition('.')[2]}"
            yield Seed(short, str(path.relative_to(FIXTURES)), _bytes(path), _locked(module, name, path.parent))
            for other in sorted(path.parent.iterdir()):
                beside = other.name.removesuffix(".gz")
                if beside in BESIDE and beside != name:
                    read = _beside(module, name, path.parent, beside)
                    yield Seed(f"{short}, beside it", str(other.relative_to(FIXTURES)), _bytes(other), read)


def _locked(module: str, name: str, folder: Path) -> Callable[[bytes], object]:
    reader = __import__(module, fromlist=["read"]).read

    def reading(data: bytes) -> None:
        lock = reader(data, name, lambda path: _stored(folder, path))
        json.dumps([lock.facts(), lock.warnings])

    return reading


def _beside(module: str, name: str, folder: Path, changed: str) -> Callable[[bytes], object]:
    reader, sound = __import__(module, fromlist=["read"]).read, _stored(folder, name)

    def reading(data: bytes) -> None:
        lock = reader(sound, name, lambda path: data if path == changed else _stored(folder, path))
        json.dumps([lock.facts(), lock.warnings])

    return reading


def _sboms() -> Iterator[Seed]:
    for path in sorted((FIXTURES / "sbom").iterdir()):
        if path.name not in {"README.md", "expected.json"}:
            yield Seed("bill of materials", path.name, _bytes(path), _bill)


def _bill(data: bytes) -> None:
    json.dumps(sbom.read(data, "bom", lambda _path: None).facts())


def _checkout(root: Path) -> Iterator[Seed]:
    """Each file of a checkout, with the sections of a gate's candidate collected; and what only a run reads."""
    lay_out(root, checkouts.CANDIDATE)
    state = root.parent / "none"
    for path, text in checkouts.CANDIDATE.items():
        read = in_place(root / path, text.encode(), each_section(root, state, SECTIONS.get(path, ALL)))
        if text:
            yield Seed(f"checkout {path}", path, text.encode(), read)
        if path in MORE:
            yield Seed(f"checkout {path}", MORE[path], (YAML / MORE[path]).read_bytes(), read)
    running = Context(str(root), {}, {}, str(state))
    env = checkouts.DOTENV.encode()
    yield Seed("the run's .env", ".env", env, in_place(root / ".env", env, lambda: told("config", running)))
    for path, text in checkouts.PARITY_FILES.items():
        alone = root.parent / f"policy-{path}"
        write(alone / path, text.encode())
        yield Seed(f"policy {path}", path, text.encode(), in_place(alone / path, text.encode(), loaded(alone)))
    yield Seed("a service's URL", "targets", "\n".join(checkouts.TARGETS).encode(), _targets)


def _targets(data: bytes) -> None:
    for key in ("DATABASE_URL", "CACHE", "DB_DSN"):
        for row in data.decode("utf-8", "replace").split("\n")[:50]:
            targets.parse(key, row)


def _said(place: Path, server: answers.Server) -> Iterator[Seed]:
    for kind, said in answers.SAID.items():
        for number, data in enumerate(said):
            yield Seed(f"answer of {kind}", str(number), data, answers.probed(server, kind))
    for number, data in enumerate(answers.ANSWERS):
        yield Seed("our server's answer", str(number), data, answers.heard)
    for number, document in enumerate(answers.DOCUMENTS):
        yield Seed("our server's document", str(number), json.dumps(document).encode(), delivered(place))
