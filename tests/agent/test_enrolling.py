"""Enrolment: once, kept where nobody else writes, renewed in time, and anew only where somebody meant it to be."""

from __future__ import annotations

import json
import os
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.transport.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.agent.conftest import Wire

    Capture = pytest.CaptureFixture[str]

TICKET = "pce_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF"
DAY = 86_400


class Door:
    """The server's side: tickets with uses left, the tokens it knows, and what was asked."""

    def __init__(self) -> None:
        self.uses = 1
        self.known: list[str] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.renewing: dict[str, Any] | None = None
        self.reenroll = True
        self.changed: dict[str, Any] = {}

    def __call__(self, authorization: str, path: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        token = authorization.removeprefix("Bearer ")
        if path.startswith("/api/v1/enroll"):
            self.asked.append((path, token, json.loads(body)))
        if token == TICKET:
            return self._ticket(path, json.loads(body))
        if token not in self.known:
            return self._unknown()
        if path == "/api/v1/enroll/renew":
            return (self.renewing["status"], self.renewing) if self.renewing else self._made("web-1")
        return None

    def _ticket(self, path: str, said: Any) -> tuple[int, dict[str, Any]]:
        if path != "/api/v1/enroll" and self.uses:
            return 403, {"status": 403, "code": "forbidden", "detail": "may not", "retryable": False}
        if not self.uses:
            return self._unknown(ticket=True)
        self.uses -= 1
        return self._made(said["instance"])

    def _unknown(self, *, ticket: bool = False) -> tuple[int, dict[str, Any]]:
        extra = {"reenroll": True} if self.reenroll and not ticket else {}
        problem = {"status": 401, "code": "unauthenticated", "detail": "no valid token", "retryable": False}
        return 401, {**problem, **extra}

    def _made(self, instance: str) -> tuple[int, dict[str, Any]]:
        self.known.append(f"pca_{len(self.known):012}_0123456789abcdefghijklmnopqrstuvABCDEF")
        told = {"token": self.known[-1], "id": "x", "project": "shop", "environment": "staging", "instance": instance}
        return 201, {**told, "expires_at": "2027-05-29T00:00:00Z", "expires_in": 180 * DAY, "renew_in": 144 * DAY,
                     **self.changed}  # fmt: skip


@pytest.fixture
def door(checkout: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Door:
    """The checkout of an instance that has a ticket and nothing else."""
    del checkout
    monkeypatch.setenv("PARITY_URL", wire.url)
    monkeypatch.setenv("PARITY_ENROLL_TOKEN", TICKET)
    monkeypatch.setenv("PARITY_INSTANCE", "web-1")
    found = Door()
    monkeypatch.setattr(wire, "door", found)
    return found


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[], Path]:
    def find() -> Path:
        (found,) = (tmp_path / "state").glob("*/token.json")
        return found

    return find


def change(path: Path, **members: Any) -> None:
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, **members}))


def findings(capsys: Capture) -> list[tuple[str, str]]:
    main(["doctor", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [(one["level"], f"{one['text']} {one.get('hint', '')}") for one in found if one["area"] == "server"]


def says(found: list[tuple[str, str]], level: str, text: str) -> bool:
    return any(at == level and text in said for at, said in found)


def test_it_enrols_once_and_goes_on_with_its_own_token(
    door: Door, wire: Wire, kept: Callable[[], Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["report"]) == 0
    assert capsys.readouterr().out.startswith("enrolled as web-1 of staging; report taken")
    assert door.asked == [("/api/v1/enroll", TICKET, {"instance": "web-1", "project": "shop"})]
    assert stat.S_IMODE(kept().stat().st_mode) == 0o600
    assert stat.S_IMODE(kept().parent.stat().st_mode) == 0o700
    monkeypatch.delenv("PARITY_ENROLL_TOKEN")
    assert main(["report"]) == 0
    assert len(door.asked) == 1
    assert len(wire.reports) == 2
    assert wire.reports[1]["seq"] > wire.reports[0]["seq"]
    assert not any(token.encode() in body for body in wire.received for token in (TICKET,) if b"/enroll" not in body)


def test_a_file_or_a_credential_of_systemd_names_the_ticket(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARITY_ENROLL_TOKEN")
    ticket = tmp_path / "parity-enroll-token"
    ticket.touch(0o600)
    ticket.write_text(TICKET + "\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert main(["report"]) == 0
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    monkeypatch.setenv("PARITY_ENROLL_TOKEN_FILE", str(ticket))
    monkeypatch.setenv("PARITY_INSTANCE", "web-2")
    door.uses = 1
    assert main(["report"]) == 0
    assert [said["instance"] for _path, _token, said in door.asked] == ["web-1", "web-2"]
    ticket.chmod(0o666)
    monkeypatch.setenv("PARITY_INSTANCE", "web-3")
    assert main(["report"]) == 2


def test_a_token_that_is_set_goes_before(door: Door, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    door.known.append("pca_000000000000_0123456789abcdefghijklmnopqrstuvABCDEF")
    monkeypatch.setenv("PARITY_TOKEN", door.known[0])
    assert main(["report"]) == 0
    assert (door.asked, len(wire.reports)) == ([], 1)


def test_a_file_that_others_may_write_to_is_not_used(door: Door, kept: Callable[[], Path], capsys: Capture) -> None:
    assert main(["report"]) == 0
    kept().chmod(0o666)
    assert main(["report"]) == 2
    said = capsys.readouterr().err
    assert "others may write to this file" in said
    assert says(findings(capsys), "error", "others may write to this file")
    assert len(door.asked) == 1
    kept().chmod(0o644)
    assert main(["report"]) == 0
    assert capsys.readouterr().err.count("others may read this file") == 1


def test_where_nothing_can_be_kept_nothing_is_spent(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PARITY_STATE_DIR", str(tmp_path / "file" / "state"))
    assert main(["report"]) == 2
    assert "an enrolled instance keeps its token" in capsys.readouterr().err
    assert (door.asked, door.uses) == ([], 1)


def test_it_is_renewed_when_it_is_due_and_remembers_on(
    door: Door, wire: Wire, kept: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["report"]) == 0
    monkeypatch.delenv("PARITY_ENROLL_TOKEN")
    change(kept(), renew_at=int(time.time()) - 1)
    assert main(["report"]) == 0
    assert door.asked[1:] == [("/api/v1/enroll/renew", door.known[0], {})]
    document = json.loads(kept().read_text())
    assert document["token"] == door.known[1]
    assert document["renew_at"] > time.time() + 143 * DAY
    assert stat.S_IMODE(kept().stat().st_mode) == 0o600
    assert wire.headers[-1]["Authorization"] == f"Bearer {door.known[1]}"
    assert list(kept().parent.glob("token.json*")) == [kept()]
    assert len([path for path in wire.calls if path[1].startswith("/api/v1/sections")]) == len(wire.bodies), (
        "what was accepted is remembered under the new token too"
    )


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_renewal_that_fails_holds_no_report_up(
    door: Door, wire: Wire, kept: Callable[[], Path], status: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    defaults = Client.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "sleep", lambda _seconds: None)
    assert main(["report"]) == 0
    change(kept(), renew_at=int(time.time()) - 1)
    door.renewing = {"status": status, "code": "forbidden", "detail": "not now", "retryable": status != 403}
    assert main(["report"]) == 0
    assert len(wire.reports) == 2
    assert "was not renewed" in capsys.readouterr().err
    asked = len(door.asked)
    assert main(["report"]) == 0
    assert len(door.asked) == asked, "asked again in a day, not at each report"


def test_who_is_lost_enrols_anew_where_a_ticket_is_set(door: Door, wire: Wire, capsys: Capture) -> None:
    assert main(["report"]) == 0
    door.known[0], door.uses = "pca_gone", 1
    assert main(["report"]) == 0
    assert "enrolled anew as web-1 of staging" in capsys.readouterr().out
    assert len(wire.reports) == 2


@pytest.mark.parametrize("case", ["no ticket", "spent", "not said"])
def test_who_is_lost_and_may_not_enrol_keeps_its_report_and_says_so(
    door: Door, wire: Wire, case: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert main(["report"]) == 0
    door.known[0], door.uses = "pca_gone", 1
    if case == "no ticket":
        monkeypatch.delenv("PARITY_ENROLL_TOKEN")
    door.uses = 0 if case == "spent" else 1
    door.reenroll = case != "not said"
    assert main(["report"]) == 3
    said = capsys.readouterr().err
    assert ("the enroll token is used up" if case == "spent" else "PARITY_ENROLL_TOKEN with a new enroll token") in said
    assert len(door.asked) == (2 if case == "spent" else 1)
    monkeypatch.setenv("PARITY_ENROLL_TOKEN", TICKET)
    door.uses, door.reenroll = 1, True
    assert main(["report"]) == 0
    assert len(wire.reports) == 3, "the one that was kept, and the new one"


def test_a_server_that_is_away_costs_no_report(door: Door, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_URL", "http://127.0.0.1:9")
    assert main(["report"]) == 3
    assert door.uses == 1
    monkeypatch.setenv("PARITY_URL", wire.url)
    assert main(["report"]) == 0
    assert door.uses == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"token": "pcg_x"}, {"token": 7}, {"token": "pca_a\nb"}, {"token": "pca_" + "a" * 600}, {"instance": "web-2"},
        {"renew_in": "soon"}, {"expires_in": None}, {"renew_in": 1 << 60}, {"expires_in": -(1 << 60)}, {"project": []},
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_not_kept(door: Door, tmp_path: Path, changed: dict[str, Any]) -> None:
    door.changed = changed
    assert main(["report"]) == 3
    assert list((tmp_path / "state").glob("*/token.json*")) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"token": 7}', "[" * 5000])
def test_a_torn_file_is_as_none(door: Door, kept: Callable[[], Path], text: str) -> None:
    assert main(["report"]) == 0
    kept().write_text(text)
    door.uses = 1
    assert main(["report"]) == 0
    assert len(door.asked) == 2


def test_doctor_tells_each_state(
    door: Door, kept: Callable[[], Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(capsys)
    assert says(found, "note", "not enrolled yet: the next `parity report` enrols it as web-1")
    assert says(found, "ok", "the enroll token counts")
    assert door.uses == 1
    assert main(["report", "--quiet"]) == 0
    found = findings(capsys)
    assert says(found, "ok", "enrolled as web-1 in staging of shop")
    assert says(found, "ok", "its token is renewed from ")
    assert says(found, "ok", "the token may report")
    change(kept(), renew_at=int(time.time()) - 2 * DAY)
    assert says(findings(capsys), "warning", "its token was to be renewed on ")
    door.known[0] = "pca_gone"
    assert says(findings(capsys), "warning", "the next `parity report` enrols it anew")
    monkeypatch.delenv("PARITY_ENROLL_TOKEN")
    assert says(findings(capsys), "error", "with a new enroll token enrols it anew")
    kept().unlink()
    monkeypatch.setenv("PARITY_ENROLL_TOKEN", TICKET)
    assert says(findings(capsys), "error", "the server takes no enrolment with this enroll token")
    monkeypatch.setenv("PARITY_TOKEN", "pca_000000000000_0123456789abcdefghijklmnopqrstuvABCDEF")
    assert says(findings(capsys), "note", "PARITY_TOKEN goes before PARITY_ENROLL_TOKEN")


def test_no_program_of_the_application_sees_the_ticket(door: Door) -> None:
    from paritycheck_agent.config import load

    del door
    assert TICKET not in load(".", os.environ).public_environ().values()
