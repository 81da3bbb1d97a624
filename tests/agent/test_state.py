"""Who reports, and what the agent remembers between runs."""

from __future__ import annotations

import multiprocessing
import re
import time
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.runner import instance, memory
from paritycheck_agent.runner.memory import Busy, Memory
from paritycheck_agent.runner.report import uuid7
from paritycheck_agent.sources import machine

if TYPE_CHECKING:
    from pathlib import Path


def test_the_variable_names_the_instance(tmp_path: Path) -> None:
    found = instance.identity({"PARITY_INSTANCE": "web-1", "PARITY_INSTANCE_KIND": "host"}, str(tmp_path))
    assert found == {"id": "web-1", "kind": "host"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["host", "laptop"])
def test_a_host_remembers_a_random_id(tmp_path: Path, kind: str) -> None:
    environ = {"PARITY_INSTANCE_KIND": kind}
    first = instance.identity(environ, str(tmp_path / "state"))
    assert re.fullmatch(r"[0-9a-f]{32}", first["id"])
    assert instance.identity(environ, str(tmp_path / "state")) == first
    assert instance.identity(environ, str(tmp_path / "other"))["id"] != first["id"]


@pytest.mark.parametrize("kind", ["container", "pod", "runner"])
def test_what_comes_and_goes_is_named_by_its_host(tmp_path: Path, kind: str) -> None:
    found = instance.identity({"PARITY_INSTANCE_KIND": kind}, str(tmp_path))
    assert found == {"id": instance.host_name(), "kind": kind}


def test_a_host_that_can_keep_nothing_goes_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = instance.identity({"PARITY_INSTANCE_KIND": "host"}, str(tmp_path / "file" / "state"))
    assert found["id"] == instance.host_name()


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"CI": "true"}, "runner"),
        ({"GITLAB_CI": "true", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "runner"),
        ({"CI": "false", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "pod"),
        ({"container": "podman"}, "container"),
        ({"CI": "1", "PARITY_INSTANCE_KIND": "laptop"}, "laptop"),
    ],
)
def test_the_kind_is_seen_from_the_environment(environ: dict[str, str], kind: str) -> None:
    assert machine.kind_of(environ) == kind


def test_seq_follows_the_clock_and_never_goes_back(tmp_path: Path) -> None:
    kept = Memory(str(tmp_path))
    first = kept.next_seq()
    assert abs(first - time.time() * 1000) < 60_000
    kept.seq = first + 10_000_000
    kept.save()
    assert Memory(str(tmp_path)).next_seq() == first + 10_000_001


def test_seq_is_remembered_before_it_is_used(tmp_path: Path) -> None:
    seq = Memory(str(tmp_path)).next_seq()
    assert Memory(str(tmp_path)).seq == seq


def test_what_was_accepted_is_remembered(tmp_path: Path) -> None:
    kept = Memory(str(tmp_path))
    kept.dropped = 3
    kept.accept(["sha256:b", "sha256:a"])
    again = Memory(str(tmp_path))
    assert (again.accepted, again.dropped) == (["sha256:a", "sha256:b"], 0)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"seq": "x"}', '{"seq": 1}', '{"seq": 1e999}', '{"seq": NaN}', "\x00", "[" * 100_000],
)
def test_a_torn_state_file_is_no_reason_to_fail(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert Memory(str(tmp_path)).next_seq() > 0


def test_two_tokens_and_two_servers_have_a_directory_each_and_no_token_is_in_its_name() -> None:
    one = memory.directory("/s", "https://a", "pca_secret")
    assert one != memory.directory("/s", "https://b", "pca_secret")
    assert one != memory.directory("/s", "https://a", "pca_other")
    assert "pca" not in one


def test_only_one_run_holds_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_LOCK_WAIT_S", 0.2)
    held = Memory(str(tmp_path))
    held.lock()
    with pytest.raises(Busy):
        Memory(str(tmp_path)).lock()
    held.release()
    after = Memory(str(tmp_path))
    after.lock()
    after.release()


def _hold_and_die(path: str) -> None:
    Memory(path).lock()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(str(tmp_path),))
    process.start()
    process.join()
    kept = Memory(str(tmp_path))
    kept.lock()
    kept.release()


def test_a_report_id_is_a_uuid_of_version_7_in_order_of_time() -> None:
    first = uuid7()
    time.sleep(0.002)
    second = uuid7()
    form = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(form, first)
    assert first[:13] < second[:13]
    assert int(first[:13].replace("-", ""), 16) == pytest.approx(time.time() * 1000, abs=60_000)
