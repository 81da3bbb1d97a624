"""The engine's JSON, as Docker 20.10.24 of Debian 12 answers it, and anything in its place.

Made by `curl --unix-socket docker.sock http://x/containers/json?all=1` (list.json), `/containers/{name}/json`
(failed.json, running.json), `/images/json` (images.json) and `/images/{name}/json` (image.json), of an image that
`docker import` made of a busybox; the paths of the data directory are those of an ordinary installation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources import docker_processes
from paritycheck_agent.sources.docker_containers import Container, Image, environment_of, of_project, table
from paritycheck_agent.sources.docker_engine import Docker

FIXTURES = Path(__file__).parent.parent / "fixtures" / "docker"
LIST, FAILED, RUNNING, IMAGES, IMAGE = (
    json.loads((FIXTURES / f"{name}.json").read_text()) for name in ("list", "failed", "running", "images", "image")
)
DIGEST = "sha256:" + "0123456789abcdef" * 4


def listed(name: str) -> dict[str, Any]:
    return next(dict(item) for item in LIST if item["Names"] == [f"/{name}"])


def types(*containers: Container) -> dict[str, tuple[str, int | None, int | None, list[int]]]:
    found = Docker()
    found.containers = list(containers)
    read = docker_processes.of(found, {})
    return {one.name: (one.kind, one.replicas, one.restarts, one.exit_codes) for one in read.processes}


def test_a_list_tells_states_and_how_containers_ended() -> None:
    bad, www = Container(listed("bad")), Container(listed("www"))
    assert (bad.running, bad.exit_code, bad.restarts, bad.command) == (False, 3, None, "sh -c 'exit 3'")
    assert (www.running, www.exit_code, www.service, www.labels["a"]) == (True, None, "www", "b")


def test_inspecting_tells_restarts_signal_driver_and_what_was_given() -> None:
    bad, www = Container(listed("bad")), Container(listed("www"))
    baked = environment_of(table(IMAGE["Config"]))
    bad.inspect(FAILED, baked)
    www.inspect(RUNNING, baked)
    assert (bad.restarts, bad.exit_code, bad.stop_signal, bad.log_driver) == (2, 3, "SIGTERM", "json-file")
    assert bad.command == ["sh", "-c", "exit 3"]
    assert (www.environment, www.exit_code) == ({"X": "canary"}, None)
    assert www.baked == baked


def test_without_the_image_s_own_nothing_is_known_to_have_been_given() -> None:
    www = Container(listed("www"))
    www.inspect(RUNNING, None)
    assert (www.environment, "X" in www.baked) == ({}, True)


def test_containers_of_one_service_are_one_type() -> None:
    labels = {"com.docker.compose.service": "web"}
    first, second, third = (Container({**listed(name), "Labels": labels}) for name in ("ok", "www", "bad"))
    third.restarts = 4
    second.restarts = 1
    first.command = ["gunicorn", "x"]
    assert types(first, second, third) == {"web": ("gunicorn", 2, 5, [3])}


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("running", "Up 3 minutes (healthy)", (True, None)),
        ("restarting", "Restarting (3) 1 second ago", (True, 3)),
        ("exited", "Exited (137) 2 hours ago", (False, 137)),
        ("exited", "Exited (9999999999) 2 hours ago", (False, 0)),
        ("created", "Created", (False, None)),
        ("paused", "Up 2 minutes (Paused)", (True, None)),
    ],
)
def test_a_status_says_how_a_container_ended(state: str, status: str, expected: tuple[bool, int | None]) -> None:
    container = Container({**listed("ok"), "State": state, "Status": status})
    assert (container.running, container.exit_code) == expected


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("/app/shop --password canary7", "shop"),
        ("gunicorn canary7", "gunicorn"),
        ("docker-entrypoint.sh gunicorn canary7", "gunicorn"),
        ("docker-entrypoint.sh canary7", ""),
        ("/bin/sh -c 'canary7 x'", ""),
        ("/bin/sh -c 'x '; canary7 y'", ""),
        ("tini -- canary7", ""),
        ("python canary7", "python"),
        ("", ""),
    ],
)
def test_of_a_command_that_lost_its_quotes_only_the_first_word_is_certain(command: str, kind: str) -> None:
    assert types(Container({**listed("ok"), "Command": command}))["ok"][0] == kind


def test_a_project_is_found_by_its_folder_or_its_name() -> None:
    folder, name = "com.docker.compose.project.working_dir", "com.docker.compose.project"
    mine = Container({"Id": "1", "Labels": {folder: "/srv/shop/", name: "shop"}})
    other = Container({"Id": "2", "Labels": {folder: "/srv/shop2", name: "other"}})
    bare = Container({"Id": "3", "Labels": None})
    assert of_project([mine, other, bare], "/srv/shop", "") == [mine]
    assert of_project([mine, other, bare], "/elsewhere", "other") == [other]


def test_an_image_s_digests_are_those_of_registries() -> None:
    assert Image(IMAGES[0]).digests == []
    assert Image({"RepoDigests": [f"host:1/a@{DIGEST}", f"b@{DIGEST}", "c@sha256:1", "d", 7]}).digests == [DIGEST]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_any_answer_is_read(data: st.DataObject) -> None:
    """One member of an answer is replaced by anything; nothing raises, and a word stays a word."""
    item, answer = listed("www"), json.loads(json.dumps(RUNNING))
    item[data.draw(st.sampled_from(sorted(item)))] = data.draw(ANYTHING)
    part = answer[data.draw(st.sampled_from(["Config", "HostConfig", "State"]))]
    part[data.draw(st.sampled_from(sorted(part)))] = data.draw(ANYTHING)
    answer[data.draw(st.sampled_from(sorted(answer)))] = data.draw(ANYTHING)
    container = Container(item)
    container.inspect(answer, environment_of({"Env": data.draw(ANYTHING)}))
    Image({"RepoDigests": data.draw(ANYTHING), "Labels": data.draw(ANYTHING)})
    for kind, replicas, restarts, codes in types(container).values():
        assert len(kind) <= 64
        assert all(isinstance(number, int) and abs(number) < 1 << 31 for number in (replicas, restarts, *codes))
