"""`paritycheck demo`: three environments of a small shop, reported by real agents, compared by the real service.

Nothing is put into tables here: a repository is built, checked out three times, and `parity report` runs in each.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import psycopg

from paritycheck.local import environment as env
from paritycheck.local import history, ports, table
from paritycheck.local.answers import Asker
from paritycheck.local.background import HOST, Service
from paritycheck.local.clean import clean
from paritycheck.local.errors import LocalError
from paritycheck.local.locks import FileLock
from paritycheck.local.postgres import Embedded
from paritycheck.local.up import DEFAULT_PORT, port_number

PROJECT = "shop"
BASELINE = "production"
AGENT = (sys.executable, "-m", "paritycheck_agent.cli", "report")
AGENT_S = 60
COMPARED_S = 60.0
MOST_ROWS = 24
WATCH_S = 0.5


def main(arguments: Sequence[str]) -> int:
    """Run the demo until Ctrl-C, or until it has printed with `--once`. Raises LocalError in words for a person."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    if shutil.which("git") is None:
        raise LocalError("git is missing; the demo builds a repository with it. Install it with: apt-get install git")
    base = env.data_directory(None)
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_demo(base), _fresh(base / "demo", options.port) as service:
        _run(service, once=options.once)
    return 0


def _run(service: Service, *, once: bool) -> None:
    say = _Steps()
    repository = service.directory / "shop.git-work"
    say.step("history", f"{history.replay(repository)} commits of a shop, in a repository of their own")
    service.await_answer()
    say.step("service", "PostgreSQL, web, worker, sender and beat")
    keys = _bootstrap(service)
    database = _database(service, repository)
    reported = {}
    for deploy in history.DEPLOYS:
        place = service.directory / deploy.name
        history.check_out(repository, place, deploy, database)
        reported[f"{deploy.name}..{BASELINE}"] = datetime.now(UTC)
        _report(service, place, deploy, keys)
        say.step(deploy.name, f"reported by its agent, at {deploy.revision}")
    del reported[f"{BASELINE}..{BASELINE}"]
    asker = Asker(HOST, service.port, keys["admin"]["token"], PROJECT)
    asker.await_comparison(reported, COMPARED_S, lambda: _where_to_look(service))
    say.step("compared", "each with production")
    _print_result(service, asker, keys, once=once)
    if not once:
        _serve(service)


def _serve(service: Service) -> None:
    """Until Ctrl-C, which is how a demo ends."""
    try:
        while not service.ended:
            time.sleep(WATCH_S)
    except KeyboardInterrupt:
        _say("\nStopping web, worker, sender, beat and PostgreSQL")
        return
    raise LocalError(f"The service ended by itself. The end of {service.log}:\n{service.log_end()}")


@contextmanager
def _only_demo(base: Path) -> Iterator[None]:
    with FileLock(base / "demo.lock") as lock:
        if not lock.exclusive():
            running = env.serving(base / "demo") or "an address it is about to take"
            raise LocalError(f"A demo already runs here, at {running}. Stop it with Ctrl-C there.")
        yield


def _fresh(directory: Path, port: int) -> Service:
    """An empty data directory, whatever an earlier demo left, and a service to start in it."""
    _check_port(port)
    clean(directory)
    directory.mkdir(mode=0o700)
    return Service(directory, port, env.without_settings(os.environ) | {"PYTHONUNBUFFERED": "1"})


def _check_port(port: int) -> None:
    if not ports.taken(HOST, port):
        return
    free = ports.next_free(HOST, port)
    by_make = "MAKELEVEL" in os.environ
    command = f"make demo PORT={free}" if by_make else f"paritycheck demo --port {free}"
    raise LocalError(f"Port {port} is taken." + (f" Run: {command}" if free else ""))


def _bootstrap(service: Service) -> dict[str, Any]:
    """Project, environments, tokens and an administrator, by the command that anybody would use."""
    environments = [f"--environment={deploy.name}:{deploy.tier}" for deploy in history.DEPLOYS]
    command = (sys.executable, "-m", "paritycheck", "bootstrap", "--data", str(service.directory))
    done = subprocess.run(
        [*command, "--project", PROJECT, *environments, "--json"],
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"paritycheck bootstrap failed:\n{done.stderr.strip()}")
    keys: dict[str, Any] = json.loads(done.stdout)
    return keys


def _database(service: Service, repository: Path) -> str:
    """Production's own database on the embedded server, with the shop's tables; its URL."""
    with Embedded(service.directory) as server:
        server.make_database(PROJECT)
        url = server.paths.server_url(PROJECT)
        with psycopg.connect(url) as connection:
            connection.execute((repository / "shop" / "schema.sql").read_bytes())
        return url


def _report(service: Service, place: Path, deploy: history.Deploy, keys: dict[str, Any]) -> None:
    """Run the agent in a checkout as it runs anywhere: told by variables, seeing nothing else of ours."""
    token = next(row["token"] for row in keys["environments"] if row["slug"] == deploy.name)
    told = {
        "PARITY_URL": f"http://{HOST}:{service.port}",
        "PARITY_TOKEN": token,
        "PARITY_INSTANCE": deploy.instance,
        "PARITY_INSTANCE_KIND": deploy.machine,
        "PARITY_STATE_DIR": str(service.directory / f"{deploy.name}.agent"),
    }
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    try:
        done = subprocess.run(
            AGENT, cwd=place, env=inherited | told, capture_output=True, text=True, check=False, timeout=AGENT_S
        )
    except subprocess.TimeoutExpired:
        raise LocalError(f"The agent of {deploy.name} did not end within {AGENT_S} s.") from None
    if done.returncode != 0:
        raise LocalError(f"The agent of {deploy.name} ended with code {done.returncode}:\n{done.stderr.strip()}")


def _print_result(service: Service, asker: Asker, keys: dict[str, Any], *, once: bool) -> None:
    drifts, pairs = asker.drifts(), asker.pairs()
    width = max(len(pair["pair"]) for pair in pairs)
    lines = table.drift_lines(drifts, now=datetime.now(UTC), most=MOST_ROWS, colour=_colour())
    waits = [table.pair_line(pair, width) for pair in pairs if pair["pair"] != f"{BASELINE}..{BASELINE}"]
    admin = keys["admin"]
    stop = "" if once else "      Stop with Ctrl-C"
    address = f"Dashboard  http://{HOST}:{service.port}   sign in as {admin['email']} / {admin['password']}{stop}"
    _say("\n".join(["", *lines, "", *waits, address, f"Next       {_parity_command()} init    in a project of yours"]))


def _parity_command() -> str:
    """The agent's command as this person can type it here."""
    path = Path(sys.executable).with_name("parity")
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return shlex.quote(str(shown))


def _where_to_look(service: Service) -> str:
    return f"The worker compares; the end of what it says in {service.log}:\n{service.log_end('worker')}"


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


class _Steps:
    """A line for each step, with the seconds since the one before."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def step(self, name: str, text: str) -> None:
        """Say what is done."""
        began, self._last = self._last, time.monotonic()
        _say(f"{name:<12}{text:<56}{self._last - began:5.1f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _interrupt(number: int, frame: object) -> NoReturn:
    """SIGTERM means what Ctrl-C means."""
    del number, frame
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paritycheck demo",
        description="Compare three environments of a small shop, reported by real agents; serve until Ctrl-C.",
        allow_abbrev=False,
    )
    parser.add_argument("--once", action="store_true", help="print, stop everything, and exit 0")
    parser.add_argument("--port", type=port_number, default=DEFAULT_PORT, help=f"default: {DEFAULT_PORT}")
    return parser
