"""`parity doctor`: what a person reads in an empty directory and in three checkouts, and what the server may answer."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.runner import doctor_sections, findings
from paritycheck_agent.runner.collecting import Part
from paritycheck_agent.wire.canonical import split
from paritycheck_agent.wire.words import REASONS
from tests.agent.conftest import TOKEN, Wire
from tests.agent.doctor.conftest import DJANGO, NODE, RAILS, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[dict[str, str]], Path]
    Capture = pytest.CaptureFixture[str]

AREAS = ("policy", "dependencies", "services", "config", "release", "processes", "migrations")


def told(capsys: Capture) -> tuple[int, list[dict[str, str]]]:
    """The exit code and the findings of `parity doctor --format json`."""
    code = main(["doctor", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == code
    return code, document["findings"]


def of(found: list[dict[str, str]], area: str) -> list[tuple[str, str]]:
    return [(finding["level"], finding["text"]) for finding in found if finding["area"] == area]


@pytest.mark.usefixtures("reporting")
def test_migrations_and_processes_are_told_by_name(write: Write, capsys: Capture) -> None:
    root = write({"Procfile": "web: gunicorn a\nworker: celery worker\n"})
    (root / "db" / "migrate").mkdir(parents=True)
    (root / "db" / "migrate" / "20240901120000_a.rb").write_text("")
    _code, found = told(capsys)
    assert of(found, "processes") == [("ok", "web gunicorn, worker celery")]
    text = "rails/main: 20240901120000 in the code; no database tells what is applied"
    assert of(found, "migrations") == [("warning", text)]


@pytest.mark.usefixtures("reporting")
@pytest.mark.parametrize(
    ("applied", "level", "text"),
    [
        ("", "warning", "rails/main: nothing applied, 20240901120000 in the code"),
        ("20240901120000", "ok", "rails/main: 20240901120000 applied"),
    ],
)
def test_what_is_applied_is_held_against_the_code(
    write: Write, capsys: Capture, applied: str, level: str, text: str
) -> None:
    root = write({".env": "DATABASE_URL=sqlite:///shop.db\n"})
    (root / "db" / "migrate").mkdir(parents=True)
    (root / "db" / "migrate" / "20240901120000_a.rb").write_text("")
    with contextlib.closing(sqlite3.connect(root / "shop.db")) as database:
        database.execute("CREATE TABLE schema_migrations (version TEXT)")
        if applied:
            database.execute("INSERT INTO schema_migrations VALUES (?)", (applied,))
        database.commit()
    assert of(told(capsys)[1], "migrations") == [(level, text)]


def test_installed_packages_are_told_by_who_installed_them() -> None:
    names = ("pkg:pypi/django", "pkg:npm/debug", "pkg:deb/debian/libc6", "pkg:deb/debian/bash")
    facts = [{"name": name, "value": "1", "sources": ["installed"]} for name in names]
    body, evidence = split("dependencies", [], facts, [])
    part = Part("dependencies", facts=body, evidence=evidence)
    said = [finding.text for finding in doctor_sections.examine(part)]
    assert said == [
        "2 packages installed by the system's package manager",
        "1 package installed in node_modules",
        "1 package installed in the interpreter",
    ]


@pytest.mark.usefixtures("reporting")
def test_an_empty_directory_is_no_obstacle_and_each_area_says_what_it_lacks(write: Write, capsys: Capture) -> None:
    write({})
    code, found = told(capsys)
    assert code == 0
    by_area = {area: of(found, area) for area in AREAS}
    assert all(rows[0][0] in {"note", "warning"} for rows in by_area.values())
    assert all(finding["hint"] for finding in found if finding["area"] in by_area)
    assert {finding["level"] for finding in found} == {"ok", "note", "warning"}
    assert ("warning", "this folder is empty: what follows tells of the machine alone") in of(found, "agent")


@pytest.mark.usefixtures("reporting")
def test_a_django_app_is_told_file_by_file(write: Write, capsys: Capture) -> None:
    write(DJANGO)
    code, found = told(capsys)
    assert code == 0
    assert ("ok", "5 packages in requirements.txt") in of(found, "dependencies")
    assert ("note", "not looked at: frontend/package-lock.json") in of(found, "dependencies")
    assert ("note", "no .venv or venv here: what is installed is not known") in of(found, "dependencies")
    services = dict(text.split(":", 1) for _level, text in of(found, "services"))
    assert "connection-refused: nobody listens there (DATABASE_URL in .env:1" in services["database"]
    assert services["cache"].startswith(" redis 7.4, not asked: as a file declares")
    assert ("warning", "2 names declared and not set here: EMAIL_URL, SENTRY_DSN") in of(found, "config")
    assert any("branch main" in text for _level, text in of(found, "release"))


@pytest.mark.usefixtures("reporting")
def test_a_rails_app_is_told_with_what_is_not_read(write: Write, capsys: Capture) -> None:
    write(RAILS)
    code, found = told(capsys)
    assert code == 0
    assert any("Gemfile.lock" in text or "rails" in text for _level, text in of(found, "dependencies"))
    assert any(text.startswith("redis: redis of unknown version") for _level, text in of(found, "services"))
    assert ("ok", "2 names in app.json") in of(found, "config")
    assert ("warning", "1 name declared and not set here: DATABASE_URL") in of(found, "config")


@pytest.mark.usefixtures("reporting")
def test_a_node_app_with_a_mistake_in_its_file_is_told_all_the_same(write: Write, capsys: Capture) -> None:
    write(NODE)
    code, found = told(capsys)
    assert code == 2
    [(level, text)] = of(found, "policy")
    assert level == "error"
    assert text.startswith("parity.toml:5:1: agent.collect must be")
    assert ("ok", "2 packages in package-lock.json") in of(found, "dependencies")
    assert any(text.startswith("mongo: mongodb") for _level, text in of(found, "services"))


@pytest.mark.parametrize("files", [DJANGO, RAILS, NODE], ids=["django", "rails", "node"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_shown(write: Write, files: dict[str, str], form: str, reporting: Wire, capsys: Capture) -> None:
    write(files)
    main(["doctor", "--format", form])
    out = "".join(capsys.readouterr())
    assert len(out) > 1000
    for secret in (SECRET, SECRET[:10], TOKEN, TOKEN[20:]):
        assert secret not in out
    assert not reporting.reports
    assert not reporting.bodies


def test_its_text_says_where_what_and_what_to_do(write: Write, reporting: Wire, capsys: Capture) -> None:
    write(DJANGO)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    areas = [row for row in out.splitlines() if row and not row.startswith(" ")]
    assert areas[:4] == ["agent", "server", "policy", "dependencies"]
    assert f"  ok       {reporting.url} answers in " in out
    assert '           -> [dependencies] folders = ["frontend"] in parity.toml does\n' in out
    assert areas[-1].startswith("Nothing is in the way of a report; ")
    assert max(len(row) for row in out.splitlines()) < 200


@pytest.mark.usefixtures("reporting")
def test_installed_packages_are_held_against_the_lock(write: Write, capsys: Capture) -> None:
    root = write(DJANGO)
    place = root / ".venv" / "lib" / "python3.11" / "site-packages"
    for name in ("django-5.2.18", "sqlparse-0.5.3", "asgiref-3.8.1", "psycopg-3.2.9", "ipdb-0.13.13"):
        (place / f"{name}.dist-info").mkdir(parents=True)
        (place / f"{name}.dist-info" / "METADATA").write_text("")
    (root / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7\nhome = /usr/bin\n")
    found = of(told(capsys)[1], "dependencies")
    assert ("ok", "5 packages installed in the interpreter") in found
    assert ("warning", "1 package installed in another version than locked: django") in found
    assert any(text.startswith("1 package installed and not locked: ipdb") for _level, text in found)
    assert any(text.startswith("1 package locked and not installed: redis") for _level, text in found)


@pytest.mark.usefixtures("checkout")
def test_without_a_server_it_says_which_variable_names_one(capsys: Capture) -> None:
    code, found = told(capsys)
    assert code == 2
    assert of(found, "server") == [("error", "PARITY_URL: no server to talk to")]


def answer(status: int, body: str, kind: str = "application/problem+json", date: float | None = None) -> bytes:
    said = formatdate(time.time() if date is None else date, usegmt=True)
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nDate: {said}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


ANSWERS: list[tuple[bytes, int, str, str]] = [
    (answer(401, '{"code": "unauthenticated"}'), 3, "error", "the token is not known to this server, or was revoked"),
    (answer(403, '{"code": "forbidden"}'), 3, "error", "the token may not report"),
    (answer(503, '{"code": "overloaded"}'), 3, "warning", "the server takes nothing right now: 503 overloaded"),
    (answer(429, '{"code": "rate-limited"}'), 3, "warning", "the server takes nothing right now: 429 rate-limited"),
    (answer(500, '{"code": "internal"}'), 0, "warning", "whether the token may report is not known: 500 internal"),
    (answer(422, '{"code": "invalid-report"}'), 0, "ok", "the token may report"),
]


@pytest.mark.parametrize(("raw", "code", "level", "text"), ANSWERS)
def test_what_the_server_says_to_the_token(
    reporting: Wire, capsys: Capture, raw: bytes, code: int, level: str, text: str
) -> None:
    reporting.faults = [raw]
    ended, found = told(capsys)
    assert ended == code
    assert (level, text) in of(found, "server")


@pytest.mark.parametrize(
    "raw",
    [answer(200, "<html>sign in</html>", "text/html"), answer(502, "bad gateway", "text/plain"), answer(200, "[]")],
)
def test_what_is_no_paritycheck_server_is_told_so(reporting: Wire, capsys: Capture, raw: bytes) -> None:
    reporting.faults = [raw]
    code, found = told(capsys)
    assert code == 3
    assert any("is no paritycheck server" in text for _level, text in of(found, "server"))


@pytest.mark.parametrize(
    ("ahead_s", "level", "text"),
    [(0, "ok", "the clocks agree"), (30, "ok", "s ahead of"), (7_200, "warning", "s ahead of"),
     (-7_200, "warning", "s behind"), (5 * 365 * 86_400, "warning", "s ahead of")],
)  # fmt: skip
def test_the_clocks_are_compared(reporting: Wire, capsys: Capture, ahead_s: int, level: str, text: str) -> None:
    reporting.faults = [answer(422, '{"code": "invalid-report"}', date=time.time() - ahead_s)]
    assert any(found[0] == level and text in found[1] for found in of(told(capsys)[1], "server"))


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, reporting: Wire, capsys: Capture) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PARITY_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        code, found = told(capsys)
    assert code == 3
    assert any("cannot be reached: " in text for _level, text in of(found, "server"))
    assert not reporting.calls


def test_a_proxy_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, reporting: Wire, capsys: Capture
) -> None:
    host = reporting.url.removeprefix("http://")
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{SECRET}@{host}")
    monkeypatch.setenv("PARITY_URL", "http://parity.invalid")
    code = main(["doctor"])
    out = capsys.readouterr().out
    assert code == 0
    assert f"asked through the proxy {host}" in out
    assert "PARITY_URL is http" in out
    assert SECRET not in out


def test_what_waits_and_what_was_rejected_is_told(reporting: Wire, capsys: Capture) -> None:
    reporting.faults = [answer(422, '{"code": "invalid-report", "detail": "not today"}')]
    main(["report"])
    reporting.faults = [answer(500, '{"code": "internal", "retryable": true}')]
    main(["report"])
    capsys.readouterr()
    found = of(told(capsys)[1], "agent")
    assert ("warning", "1 kept for later, as the server was away: they go with the next report") in found
    assert ("warning", "1 rejected by the server, the last: 422 invalid-report not today") in found


def test_mistakes_that_the_server_found_in_the_policy_are_told(reporting: Wire, capsys: Capture) -> None:
    reporting.answers["policies"] = {"errors": [{"line": 3, "column": 7, "detail": "no such tier"}]}
    main(["report"])
    capsys.readouterr()
    assert ("warning", "said at the last report: parity.toml:3:7: no such tier") in of(told(capsys)[1], "agent")


@pytest.mark.usefixtures("reporting")
def test_odd_names_reach_no_terminal_unescaped(write: Write, capsys: Capture) -> None:
    write({"requirements.txt": "django==5.2\n", "a\x1b[2Jb/package-lock.json": "{}"})
    main(["doctor"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_directory_that_is_not_there_is_a_usage_error(tmp_path: Path, capsys: Capture) -> None:
    assert main(["doctor", "-C", str(tmp_path / "none")]) == 2
    assert "no such directory" in capsys.readouterr().err


def test_every_reason_of_the_wire_has_words() -> None:
    words: dict[str, Any] = findings.REASONS
    assert set(words) == set(REASONS)
