"""gradle.lockfile, one for all configurations of a project: https://docs.gradle.org/current/userguide/dependency_locking.html.

Each line is `group:artifact:version=configurations`; the last one, `empty=`, names the configurations without
packages. What is asked for directly stands in a program, build.gradle, and is not told.
"""

from __future__ import annotations

from paritycheck_agent.documents import decoded
from paritycheck_agent.packages import DEVELOPMENT, Lock, Package
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FILENAMES = ("gradle.lockfile",)
ECOSYSTEM = "maven"

_EMPTY = "empty"
_COORDINATES = 3
# Configurations that only building, checking or testing uses: by a word of their name, or by its beginning.
_TEST = ("test", "Test")
_TOOLS = (
    "annotationProcessor", "checkstyle", "codenarc", "detekt", "errorprone", "jacoco", "jmh", "kapt",
    "kotlinBuildTools", "kotlinCompiler", "kotlinKlib", "kotlinNative", "kotlinScript", "ksp", "ktlint", "lint", "pmd",
    "spotbugs", "spotless",
)  # fmt: skip


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:  # noqa: ARG001 - the form of all readers
    """Return what a gradle.lockfile says. A line that is none of it is a warning, and the lock is not whole."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is None:
        return lock
    ended = False
    for number, row in enumerate(written.split("\n"), 1):
        line = row.strip()
        if not line or line.startswith("#"):
            continue
        coordinates, equals, configurations = line.partition("=")
        if coordinates == _EMPTY and equals:
            ended = True
        elif not _take(coordinates, configurations.split(","), number, lock) and lock.whole:
            lock.incomplete(f"line {number} is no `group:artifact:version=configurations`")
    if not ended:
        lock.incomplete("has no line `empty=`, which Gradle writes last: it may be cut off")
    return lock


def _take(coordinates: str, configurations: list[str], number: int, lock: Lock) -> bool:
    parts = coordinates.split(":")
    if len(parts) != _COORDINATES or not all(parts) or not any(configurations) or " " in coordinates:
        return False
    group, artifact, version = parts
    ships = any(name and not _develops(name) for name in configurations)
    lock.add(
        Package(
            purl(ECOSYSTEM, artifact, group),
            version,
            lock.source(number),
            groups=() if ships else (DEVELOPMENT,),
        )
    )
    return True


def _develops(configuration: str) -> bool:
    """Whether a configuration is one of tests (`testRuntimeClasspath`, `debugUnitTestCompileClasspath`) or tools."""
    before, word, _after = configuration.partition("Test")
    return configuration.startswith((*_TEST, *_TOOLS)) or bool(word and before)
