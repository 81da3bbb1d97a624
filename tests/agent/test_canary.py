"""No value leaves the host: canaries in every place that configures, looked for in every byte that would be sent."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import urllib.parse
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.redact import KEY_BYTES
from tests.agent.conftest import TOKEN, Wire, git

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

COUNT = 240


def canary(number: int) -> str:
    """Return a value that occurs nowhere else; every third is long enough for a fingerprint."""
    tail = base64.b32encode(f"{number:04}".encode()).decode().rstrip("=").lower()
    return f"canary{tail}" + ("-and-a-long-tail" if number % 3 == 0 else "")


def forms(value: str) -> list[bytes]:
    """Return a value as it stands, in base64 at each offset, in hex, and quoted for a URL."""
    raw = value.encode()
    encoded = [base64.b64encode(b"x" * pad + raw)[4 if pad else 0 : -4] for pad in range(3)]
    return [raw, *encoded, raw.hex().encode(), urllib.parse.quote(value).encode(), value.upper().encode()]


def plant(checkout: Path) -> dict[str, str]:
    """Fill every file that configures, and return an environment that is full of values too."""
    values = iter([canary(number) for number in range(COUNT)])
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
    return {**os.environ, **plant(checkout), "PARITY_KEY": key, "PARITY_TOKEN": TOKEN}


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
