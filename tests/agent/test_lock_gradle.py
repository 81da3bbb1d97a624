"""gradle.lockfile. Debian's Gradle 4.4 has no such file, and no newer one can be reached: the fixture was written in
the form of locks of public projects (a Spring service and an Android application).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import Reader, broken, line_of, named, seconds, told

LOCK = Reader("gradle", "gradle", "gradle.lockfile")


def written(data: bytes) -> list[tuple[str, str]]:
    """(name, version) of each line that is neither empty, nor a comment, nor `empty=`."""
    found = []
    for row in data.decode("utf-8-sig").replace("\r\n", "\n").split("\n"):
        line = row.strip()
        if line and line[0] != "#" and not line.startswith("empty="):
            group, artifact, version = line.split("=")[0].split(":")
            found.append((purl("maven", artifact, group), version))
    return found


def test_every_module_that_is_written_is_told_and_no_other() -> None:
    lock = LOCK.read()
    assert sorted((package.name, package.version or "") for package in lock.packages) == sorted(written(LOCK.data))
    assert len(named(lock)) == 16
    assert (lock.whole, lock.warnings) == (True, [])


def test_a_module_may_have_several_versions_and_the_group_is_the_namespace() -> None:
    facts = told(LOCK.read())
    assert facts["com.google.guava/guava"] == {"value": ["33.0.0-jre", "33.4.8-jre"]}
    assert facts["org.ow2.asm/asm"] == {"value": ["9.7.1", "9.9"], "groups": ["development"]}


def test_what_only_tests_and_tools_use_is_for_development() -> None:
    facts = told(LOCK.read())
    assert {name.rpartition("/")[2] for name, fact in facts.items() if fact.get("groups") == ["development"]} == {
        "android-json", "asm", "bcprov-jdk18on", "junit-jupiter", "monitor", "org.jacoco.agent",
        "spring-boot-configuration-processor",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("configurations", "develops"),
    [
        (b"testRuntimeClasspath", True),
        (b"integrationTestCompileClasspath,integrationTestRuntimeClasspath", True),
        (b"testFixturesApi,testRuntimeClasspath", True),
        (b"latestRuntimeClasspath", False),
        (b"protestRuntime,contestApi", False),
        (b"releaseRuntimeClasspath,releaseUnitTestRuntimeClasspath", False),
        (b"detekt,ktlint", True),
        (b"kotlinCompilerPluginClasspathMain", True),
        (b"shadow", False),
    ],
)
def test_a_configuration_is_judged_by_its_words(configurations: bytes, develops: bool) -> None:  # noqa: FBT001 - a parameter of the table above
    lock = LOCK.read(b"a.b:c:1=" + configurations + b"\nempty=\n")
    assert lock.whole
    assert [package.production for package in lock.packages] == [not develops]


def test_each_source_is_the_line_of_the_module() -> None:
    for package in LOCK.read().packages:
        row = LOCK.rows()[line_of(package.source) - 1]
        assert row.startswith(package.name.removeprefix("pkg:maven/").replace("/", ":") + f":{package.version}=")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCK.data.replace(b"org.ow2.asm:asm:9.9=jacocoAnt", b"======="), "line 16 is no `group:artifact:version="),
        (LOCK.data.replace(b"asm:9.9=jacocoAnt", b"asm=jacocoAnt"), "line 16 is no `group:artifact:version="),
        (LOCK.data.replace(b"asm:9.9=jacocoAnt", b"asm:9.9="), "line 16 is no `group:artifact:version="),
        (LOCK.data[: LOCK.data.index(b"empty=")], "has no line `empty=`, which Gradle writes last: it may be cut off"),
        (b"", "has no line `empty=`"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_odd_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = LOCK.read(data)
    assert not lock.whole
    assert lock.warnings[0].startswith(f"gradle.lockfile: {said}")


def test_three_megabytes_take_little_cpu() -> None:
    assert (
        seconds(LOCK.read, "".join(f"a.b:c{number}:1.{number}=compileClasspath\n" for number in range(80_000)).encode())
        < 3
    )
    assert seconds(LOCK.read, b"a.b:c:1=" + b"aTest," * 500_000) < 3
    assert seconds(LOCK.read, b":=" * 1_500_000) < 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_lock_never_crashes_and_never_loses_a_package_silently(data: st.DataObject) -> None:
    mutated = data.draw(broken(LOCK.data, added=(b":", b"=", b",", b"#", b"empty=")))
    lock = LOCK.read(mutated)
    assert lock.whole or lock.warnings
    if lock.whole:
        assert len(lock.packages) == len(written(mutated))
