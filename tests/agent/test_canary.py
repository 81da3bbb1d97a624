"""No value leaves the host: canaries in every place that configures, looked for in every byte that would be sent."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import subprocess
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.collectors import processes
from paritycheck_agent.context import Context
from paritycheck_agent.redact import KEY_BYTES
from paritycheck_agent.sources import systemd
from tests.agent.canary_places import (
    CLUSTER,
    SBOM,
    TAGS,
    plant_bills,
    plant_manifests,
    plant_migrations,
    plant_pipelines,
    plant_unit,
)
from tests.agent.conftest import TOKEN, Wire, git
from tests.agent.fuzz.answers import SAID, Server, probed
from tests.agent.test_watch import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

COUNT = 400


def canary(number: int) -> str:
    """Return a value that occurs nowhere else; every third is long enough for a fingerprint."""
    tail = base64.b32encode(f"{number:04}".encode()).decode().rstrip("=").lower()
    return f"canary{tail}" + ("-and-a-long-tail" if number % 3 == 0 else "")


def canaries() -> Iterator[str]:
    return iter([canary(number) for number in range(COUNT)])


def forms(value: str) -> list[bytes]:
    """Return a value as it stands, in base64 at each offset, in hex, and quoted for a URL."""
    raw = value.encode()
    encoded = [base64.b64encode(b"x" * pad + raw)[4 if pad else 0 : -4] for pad in range(3)]
    return [raw, *encoded, raw.hex().encode(), urllib.parse.quote(value).encode(), value.upper().encode()]


def plant(checkout: Path, values: Iterator[str]) -> dict[str, str]:
    """Fill every file that configures, and return an environment that is full of values too."""
    env = [f"KEY_{number}={next(values)}" for number in range(40)]
    env += [f"DATABASE_URL=postgres://{next(values)}:{next(values)}@127.0.0.1:1/{next(values)}?password={next(values)}"]
    env += [
        f"CACHE_URL=redis://:{next(values)}@127.0.0.1:1/0",
        f"SECRET_KEY='{next(values)}'",
        f"A_TOKEN={next(values)}",
    ]
    env += [
        f"ODD_URL={next(values)}://host/x",
        f'JSON={{"a": "{next(values)}"}}',
        f"LIST={next(values)},{next(values)}",
    ]
    (checkout / ".env").write_text("\n".join(env) + "\n")
    names = [row.partition("=")[0] for row in env] + [f"OUTER_{number}" for number in range(60)]
    (checkout / ".env.example").write_text(
        "".join(f"{name}={next(values)}\n" for name in names[:40]) + "\n".join(names[40:])
    )
    (checkout / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres:16\n    environment:\n"
        f"      POSTGRES_PASSWORD: {next(values)}\n      POSTGRES_USER: {next(values)}\n"
        f"  web:\n    image: registry.example/shop:1\n    environment:\n      - INLINE={next(values)}\n"
        f"    command: serve --password {next(values)}\n    stop_signal: {next(values)}\n"
        f"  own:\n    build: .\n    command: [uvicorn, {next(values)}]\n    labels: [a={next(values)}]\n"
        f"    logging: {{ driver: 'x {next(values)}', options: {{ key: {next(values)} }} }}\n"
    )
    (checkout / "Procfile").write_text(
        f"web: A={next(values)} gunicorn --password {next(values)} 'x {next(values)}' $({next(values)})\n"
        f"worker: uv run --a-new-option {next(values)} celery -A {next(values)} worker\n"
        f"front: npm start\nshell: sh -c 'export B={next(values)}; exec ./bin/shop {next(values)}'\n"
    )
    start = {"start": f"X={next(values)} next start --key {next(values)}"}
    (checkout / "package.json").write_text(json.dumps({"name": "shop", "scripts": start}))
    (checkout / "Dockerfile").write_text(
        f'FROM python:3.12\nENV BAKED={next(values)}\nENTRYPOINT ["tini", "--"]\n'
        f'CMD ["flask", "run", "--key={next(values)}"]\nSTOPSIGNAL {next(values)}\n'
    )
    (checkout / "requirements.txt").write_text(
        f"--extra-index-url https://{next(values)}:{next(values)}@pypi.example/simple\ndjango==5.2.19\n"
        f"shop @ git+https://{next(values)}@git.example/shop.git@v1\n"
    )
    environ = {f"OUTER_{number}": next(values) for number in range(30)}
    environ |= {f"AMBIENT_{number}": next(values) for number in range(10)}
    git(checkout, "init", "-q")
    git(checkout, "remote", "add", "origin", f"https://{next(values)}:{next(values)}@git.example/acme/shop.git")
    git(checkout, "add", "compose.yaml")
    git(checkout, "commit", "-q", "-m", f"Use https://{next(values)}:{next(values)}@git.example/")
    return environ


def leaks(data: bytes) -> list[str]:
    return [canary(number) for number in range(COUNT) if any(form in data for form in forms(canary(number)))]


@pytest.fixture
def planted(checkout: Path) -> dict[str, str]:
    key = os.urandom(KEY_BYTES).hex()
    return {**os.environ, **plant(checkout, canaries()), "PARITY_KEY": key, "PARITY_TOKEN": TOKEN}


@pytest.fixture
def filled(checkout: Path) -> dict[str, str]:
    """The same, and every other file that is read, in places that no fact is made of."""
    values = canaries()
    environ = {**os.environ, **plant(checkout, values), "PARITY_KEY": os.urandom(KEY_BYTES).hex()}
    for kind in (plant_pipelines, plant_manifests, plant_bills, plant_migrations):
        kind(checkout, values)
    return {**environ, "PARITY_TOKEN": TOKEN}


def test_the_forms_that_are_looked_for_are_found() -> None:
    """The search itself must not be blind."""
    value = canary(7)
    for data in (value, base64.b64encode(f"ab{value}cd".encode()).decode(), value.encode().hex(), value.upper()):
        assert value in leaks(data.encode())


def test_no_value_is_in_any_byte_that_show_writes(
    parity: list[str], checkout: Path, planted: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "sent"
    done = subprocess.run(
        [*parity, "show", "--wire", str(out)], cwd=checkout, env=planted, capture_output=True, check=True
    )
    files = [path.read_bytes() for path in out.iterdir()]
    data = b"\n".join([*files, *(gzip.decompress(body) for body in files if body.startswith(b"\x1f\x8b"))])
    assert b"KEY_39" in data
    assert b"DATABASE_URL" in data
    assert all(kind in data for kind in (b'"gunicorn"', b'"next"', b'"shop"', b'"uvicorn"'))
    assert leaks(data) == []
    assert leaks(done.stdout + done.stderr) == []
    assert planted["PARITY_KEY"].encode() not in data
    assert TOKEN.encode() not in data


def test_no_value_is_in_any_byte_that_report_sends_keeps_or_says(
    parity: list[str], checkout: Path, planted: dict[str, str], wire: Wire, tmp_path: Path
) -> None:
    environ = {**planted, "PARITY_URL": wire.url}
    wire.faults = [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"]
    for expected in (3, 0):
        done = subprocess.run([*parity, "report"], cwd=checkout, env=environ, capture_output=True, check=False)
        assert done.returncode == expected
        assert leaks(done.stdout + done.stderr) == []
        kept = b"\n".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
        assert leaks(kept) == []
        assert TOKEN.encode() not in kept
        assert planted["PARITY_KEY"].encode() not in kept
    sent = b"\n".join([*wire.received, *wire.bodies.values()])
    assert wire.reports
    assert leaks(sent) == []


def everything(wire: Wire, state: Path) -> bytes:
    """What left the machine or was written down."""
    kept = [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    data = b"\n".join([*wire.received, *wire.bodies.values(), *kept])
    return data + json.dumps([wire.reports, wire.commits, wire.calls, wire.headers]).encode()


# Command, its exit code, and what shows that the places were looked at.
COMMANDS = (
    (("show", "--sbom", SBOM, "--sbom", TAGS), 0, ("pkg:pypi/attrs", "alembic/main", "django/till", "pkg:pypi/six")),
    (("show", "--kubernetes", CLUSTER), 0, ("FROM_MAP", "FROM_SECRET", "INLINE", "gunicorn")),
    (("report", "--sbom", SBOM), 0, ()),
    (("report", "--kubernetes", CLUSTER), 0, ()),
    (("gate",), 0, ("mysql", "redis")),
    (("doctor",), None, ()),
    (("doctor", "--format", "json"), None, ()),
    (("status",), 0, ()),
    (("status", "--format", "json"), 0, ()),
)


@pytest.mark.parametrize(("command", "code", "shown"), COMMANDS, ids=[" ".join(row[0]) for row in COMMANDS])
def test_no_value_of_any_other_file_is_said_sent_or_kept(
    parity: list[str], filled: dict[str, str], wire: Wire, tmp_path: Path, command: tuple[str, ...], code: int | None,
    shown: tuple[str, ...],
) -> None:  # fmt: skip
    environ = {**filled, "PARITY_URL": wire.url}
    if command[0] == "status":
        subprocess.run([*parity, "report"], env=environ, capture_output=True, check=True)
    done = subprocess.run([*parity, *command], env=environ, capture_output=True, check=False)
    assert done.returncode == code or (code is None and done.returncode in {0, 1}), done.stderr
    data = everything(wire, tmp_path / "state")
    said = done.stdout + done.stderr
    assert said
    assert all(each.encode() in said + data for each in shown)
    assert leaks(said) == []
    assert leaks(data) == []


def test_no_value_is_in_a_line_that_watch_says(
    parity: list[str], filled: dict[str, str], wire: Wire, tmp_path: Path
) -> None:
    """A report that was taken, one that could not be sent and is kept, and a configuration that is read anew."""
    environ = {**filled, "PARITY_URL": wire.url, "PARITY_DEBUG": "1"}
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen([*parity, "watch"], env=environ, stdout=said, stderr=said)
        try:
            until(lambda: wire.reports, "a report")
            wire.faults = [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"]
            until(lambda: not Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(), "a round's end")
            process.send_signal(signal.SIGHUP)
            until(lambda: list((tmp_path / "state").glob("*/spool/*.report")), "a report that is kept")
        finally:
            process.terminate()
            process.wait(30)
    assert len((tmp_path / "said").read_bytes().splitlines()) >= 3
    assert leaks((tmp_path / "said").read_bytes()) == []
    assert leaks(everything(wire, tmp_path / "state")) == []


def test_no_value_of_a_unit_of_systemd_is_in_a_fact(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the collector itself: the folder of the units is the machine's own."""
    monkeypatch.setattr(systemd, "FOLDER", str(tmp_path / "units"))
    monkeypatch.setenv("PATH", str(tmp_path))
    plant_unit(tmp_path / "units", checkout, canaries())
    collected = processes.collect(Context(str(checkout), dict(os.environ), {}, str(tmp_path / "state")))
    data = json.dumps([collected.facts, collected.covers, collected.warnings]).encode()
    assert b"gunicorn" in data
    assert leaks(data) == []


@pytest.mark.parametrize("kind", sorted(SAID))
def test_no_text_of_a_server_that_is_not_a_version_or_a_known_setting_is_told(kind: str) -> None:
    """Each answer of a server with canaries before, behind and in the middle of it."""
    server, values = Server(), [canary(number).encode() for number in range(12)]
    try:
        ask = probed(server, kind)
        for data in SAID[kind]:
            for at, value in enumerate(values):
                cut = len(data) * at // len(values)
                told = json.dumps(ask(data[:cut] + value + data[cut:])).encode()
                assert b"secret" not in told
                # A version may be any word: what stands in its place is told as one, and nothing else is.
                assert set(leaks(told)) <= set(leaks(str(json.loads(told).get("value")).encode())), told
        for refusal in (b"-ERR %s\r\n", b"500 %s\r\n", b"HTTP/1.1 500 %s\r\n\r\n%s"):
            said = refusal.replace(b"%s", values[0])
            assert leaks(json.dumps(ask(said)).encode()) == []
    finally:
        server.close()
