"""`parity report` against a server that speaks wire.md: what is sent, in which order, and what if it cannot be."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.runner import instance, report
from paritycheck_agent.wire.canonical import digest
from paritycheck_agent.wire.reports import check_report
from tests.agent.conftest import TOKEN, Wire, git


def verbs(wire: Wire) -> list[str]:
    return [f"{method} {path.split('/')[3]}" for method, path in wire.calls]


def state(tmp_path: Path) -> Path:
    """The directory of the one server and token; beside it stands what collectors remember."""
    found = [path for path in (tmp_path / "state").iterdir() if len(path.name) == 16]
    assert len(found) == 1
    return found[0]


def waiting(tmp_path: Path) -> int:
    return len(list(state(tmp_path).glob("spool/*.report")))


def test_the_first_report_asks_sends_what_is_missing_and_reports_again(reporting: Wire) -> None:
    assert main(["report"]) == 0
    calls = verbs(reporting)
    assert calls[0] == calls[-1] == "POST reports"
    assert set(calls[1:-1]) == {"PUT sections", "PUT policies"}
    assert len(reporting.reports) == 1
    first = reporting.reports[0]
    assert check_report(first) == []
    assert first["agent"] == {"version": "0.1.0"}
    assert first["policy"] == digest(b'[project]\nname = "shop"\n')
    assert first["resource"] == {"service.name": "shop"}
    for part in first["sections"].values():
        if part["status"] == "ok":
            assert part["digest"] in reporting.bodies
            assert part["evidence"] in reporting.bodies


def test_an_unchanged_checkout_costs_one_small_request(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report"])
    reporting.calls.clear()
    reporting.received.clear()
    assert main(["report"]) == 0
    assert verbs(reporting) == ["POST reports"]
    assert len(reporting.received[0]) < 4096
    assert "nothing has changed" in capsys.readouterr().out


def test_a_change_sends_its_bodies_first_and_saves_the_round_trip(reporting: Wire, checkout: Path) -> None:
    main(["report"])
    reporting.calls.clear()
    (checkout / "requirements.txt").write_text("django==5.2.20\nsqlparse==0.5.3\n")
    assert main(["report"]) == 0
    assert verbs(reporting) == ["PUT sections", "POST reports"]


def test_a_server_that_forgot_gets_everything_again(reporting: Wire, tmp_path: Path) -> None:
    main(["report"])
    reporting.bodies.clear()
    reporting.policies.clear()
    assert main(["report"]) == 0
    assert len(reporting.reports) == 2
    assert waiting(tmp_path) == 0


def test_the_same_instance_and_a_growing_seq(reporting: Wire) -> None:
    for _ in range(3):
        main(["report"])
    assert len({found["instance"]["id"] for found in reporting.reports}) == 1
    seqs = [found["seq"] for found in reporting.reports]
    assert seqs == sorted(set(seqs))
    assert len({found["report_id"] for found in reporting.reports}) == 3


def test_a_checkout_without_a_repository_names_no_head(reporting: Wire) -> None:
    main(["report"])
    assert "head" not in reporting.reports[0]
    assert reporting.reports[0]["sections"]["release"]["status"] == "unknown"


def test_a_report_that_cannot_be_sent_is_kept_and_goes_with_the_next_run(
    reporting: Wire, tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = reporting.url
    monkeypatch.setenv("PARITY_TOKEN", TOKEN)
    reporting.faults = [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"]
    assert main(["report"]) == 3
    assert "kept" in capsys.readouterr().err
    assert waiting(tmp_path) == 1
    (checkout / ".env").write_text("DEBUG=1\n")
    assert main(["report"]) == 0
    assert waiting(tmp_path) == 0
    assert [found["seq"] for found in reporting.reports] == sorted(found["seq"] for found in reporting.reports)
    assert len(reporting.reports) == 2
    assert "1 kept earlier was sent first" in capsys.readouterr().out
    assert url == reporting.url


def test_several_kept_reports_go_in_order(reporting: Wire, tmp_path: Path, checkout: Path) -> None:
    for number in range(3):
        (checkout / "requirements.txt").write_text(f"django==5.2.{number}\n")
        reporting.faults = [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"]
        assert main(["report"]) == 3
        time.sleep(0.002)
    assert waiting(tmp_path) == 3
    assert main(["report"]) == 0
    versions = [reporting.bodies[found["sections"]["dependencies"]["digest"]] for found in reporting.reports]
    assert [f"5.2.{number}".encode() in body for number, body in enumerate(versions[:3])] == [True] * 3
    assert waiting(tmp_path) == 0


def test_nothing_that_was_kept_is_lost_when_sending_stops_half_way(
    reporting: Wire, tmp_path: Path, checkout: Path
) -> None:
    for number in range(3):
        (checkout / "requirements.txt").write_text(f"django==5.2.{number}\n")
        reporting.faults = [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"]
        main(["report"])
        time.sleep(0.002)
    reporting.answers["reports"] = {}
    reporting.faults = []
    taken = reporting.call

    def once(method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if reporting.reports:
            return 500, {"status": 500, "code": "internal", "detail": ""}
        return taken(method, path, body)

    reporting.call = once  # type: ignore[method-assign]
    assert main(["report"]) == 3
    assert len(reporting.reports) == 1
    reporting.call = taken  # type: ignore[method-assign]
    assert main(["report"]) == 0
    seqs = [found["seq"] for found in reporting.reports]
    assert seqs == sorted(seqs)
    assert waiting(tmp_path) == 0


@pytest.mark.parametrize("answer", [{}, {"status": "ok"}, {"report": "another"}, {"duplicate": "true"}, {"stale": 1}])
def test_the_json_of_another_service_is_no_receipt(reporting: Wire, tmp_path: Path, answer: dict[str, Any]) -> None:
    reporting.call = lambda *_: (200, answer)  # type: ignore[method-assign]
    assert main(["report"]) == 3
    assert waiting(tmp_path) == 1


def test_a_report_whose_token_is_not_known_is_kept_until_it_is(
    reporting: Wire, tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = reporting.call
    unknown = {"status": 401, "code": "unauthenticated", "title": "", "detail": "no valid token", "retryable": False}
    reporting.call = lambda *_: (401, unknown)  # type: ignore[method-assign]
    assert main(["report"]) == 3
    told = capsys.readouterr().err
    assert "unauthenticated" in told
    assert "kept" in told
    assert "hint: PARITY_TOKEN" in told
    assert TOKEN not in told
    (checkout / ".env").write_text("DEBUG=1\n")
    assert main(["report"]) == 3
    assert waiting(tmp_path) == 2
    assert list(state(tmp_path).glob("rejected/*")) == []
    reporting.call = taken  # type: ignore[method-assign]
    assert main(["report"]) == 0
    assert len(reporting.reports) == 3
    assert waiting(tmp_path) == 0


def test_a_report_refused_for_good_is_put_aside(
    reporting: Wire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forbidden = {"status": 403, "code": "forbidden", "title": "", "detail": "", "retryable": False}
    reporting.call = lambda *_: (403, forbidden)  # type: ignore[method-assign]
    assert main(["report"]) == 3
    assert reporting.reports == []
    assert "hint: a report needs a token" in capsys.readouterr().err
    assert len(list(state(tmp_path).glob("rejected/*"))) == 1
    assert waiting(tmp_path) == 0


def test_a_body_refused_for_good_makes_its_section_unknown(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    reporting.refused = {"runtime"}
    assert main(["report"]) == 0
    sections = reporting.reports[0]["sections"]
    assert sections["runtime"] == {"status": "unknown", "reason": "unsupported-format"}
    assert sections["config"]["status"] == "ok"
    assert "section runtime is reported as unknown" in capsys.readouterr().err


def test_a_server_that_never_has_enough_is_given_up(reporting: Wire) -> None:
    reporting.call = lambda *_: (200, {"missing": ["sha256:" + "0" * 64]})  # type: ignore[method-assign]
    assert main(["report"]) == 2
    assert len(reporting.calls) <= 8


def test_after_the_clock_went_back_the_servers_seq_is_taken_once(
    reporting: Wire, tmp_path: Path, checkout: Path
) -> None:
    main(["report"])
    ahead = reporting.reports[0]["seq"] + 10**9
    assert reporting.current is not None
    reporting.current["seq"] = ahead
    (checkout / ".env").write_text("DEBUG=0\nNEW_KEY=1\n")
    (checkout / ".env.example").write_text("DEBUG=\nNEW_KEY=\n")
    assert main(["report"]) == 0
    assert reporting.current["seq"] == ahead + 1
    assert json.loads((state(tmp_path) / "state.json").read_text())["seq"] == ahead + 1
    main(["report"])
    assert reporting.current["seq"] == ahead + 2


def test_what_the_spool_lost_is_told_once(reporting: Wire, tmp_path: Path) -> None:
    main(["report"])
    path = state(tmp_path) / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "dropped": 4}))
    main(["report"])
    assert reporting.reports[1]["agent"]["spool_dropped"] == 4
    main(["report"])
    assert "spool_dropped" not in reporting.reports[2]["agent"]


def test_mistakes_that_the_server_finds_in_the_policy_are_told(
    reporting: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    reporting.answers["policies"] = {"errors": [{"line": 3, "column": 7, "detail": "no such\x1b[2J tier"}]}
    assert main(["report"]) == 0
    assert "parity.toml:3:7: no such\\x1b[2J tier" in capsys.readouterr().err


def test_a_state_directory_that_cannot_be_written_does_not_stop_a_report(
    reporting: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PARITY_STATE_DIR", str(tmp_path / "file" / "state"))
    assert main(["report"]) == 0
    assert reporting.reports[0]["instance"]["id"] == instance.host_name()
    assert "cannot be written" in capsys.readouterr().err


def test_a_collector_that_fails_is_unknown_and_stops_no_other(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from paritycheck_agent.collectors import runtime

    def fail(_context: object) -> None:
        raise RuntimeError("hunter2 is the password")

    monkeypatch.setattr(runtime, "collect", fail)
    monkeypatch.setenv("PARITY_DEBUG", "1")
    assert main(["report"]) == 0
    sections = reporting.reports[0]["sections"]
    assert sections["runtime"] == {"status": "unknown", "reason": "collector-failed"}
    assert sections["config"]["status"] == "ok"
    told = capsys.readouterr().err
    assert "section runtime is unknown" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("error", [RecursionError, MemoryError, SystemExit, KeyError])
def test_any_failure_of_a_collector_is_contained(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    from paritycheck_agent.collectors import services

    def fail(_context: object) -> None:
        raise error

    monkeypatch.setattr(services, "collect", fail)
    assert main(["report"]) == 0
    assert reporting.reports[0]["sections"]["services"]["reason"] == "collector-failed"


def test_sections_that_are_switched_off_say_so(reporting: Wire, checkout: Path) -> None:
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\n[agent]\ncollect = ["config"]\n')
    assert main(["report"]) == 0
    sections = reporting.reports[0]["sections"]
    assert sections["runtime"] == {"status": "unknown", "reason": "disabled"}
    assert sections["config"]["status"] == "ok"


def test_an_empty_directory_can_be_reported(reporting: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["report"]) == 0
    assert "policy" not in reporting.reports[0]
    assert "resource" not in reporting.reports[0]


def test_a_repository_is_found_from_below(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert report.has_repository(str(tmp_path / "a" / "b"))
    assert not report.has_repository(str(Path(tmp_path.anchor)))
