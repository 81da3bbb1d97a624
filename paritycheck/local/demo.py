"""`paritycheck demo`: three environments of a small shop, reported by real agents, compared by the real service.

Nothing is put into tables here: a repository is built, checked out three times, and `parity report` runs in each. From
a checkout of paritycheck the service watches itself too, as a second project.
"""

import argparse
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import psycopg

from paritycheck.local import environment as env
from paritycheck.local import history, itself, ports, reporting, table
from paritycheck.local.answers import Asker
from paritycheck.local.background import HOST, Service
from paritycheck.local.clean import clean
from paritycheck.local.errors import LocalError
from paritycheck.local.locks import FileLock
from paritycheck.local.postgres import Embedded
from paritycheck.local.up import DEFAULT_PORT, port_number

PROJECT = "shop"
BASELINE = "production"
COMPARED_S = 300.0
MOST_ROWS = 24
LEFT = ("up.lock", "place", "lock", "service.log", "shop.git-work")
WATCH_S = 0.5


def main(arguments: Sequence[str]) -> int:
    """Run the demo until Ctrl-C, or until it has printed with `--once`. Raises LocalError in words for a person."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    if shutil.which("git") is None:
        raise LocalError("git is missing; the demo builds a repository with it. Install it with: apt-get install git")
    base = env.data_directory(options.data)
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_demo(base), _fresh(base / "demo", options) as service:
        _run(service, base, once=options.once)
    return 0


def _run(service: Service, base: Path, *, once: bool) -> None:
    say = _Steps()
    repository = service.directory / "shop.git-work"
    say.step("history", f"{history.replay(repository)} commits of a shop, in a repository of their own")
    service.await_answer()
    say.step("service", "PostgreSQL, web, worker, sender and beat")
    environments = [f"{deploy.name}:{deploy.tier}" for deploy in history.DEPLOYS]
    keys = reporting.Bootstrap(service, PROJECT, environments).keys()
    root = itself.checkout()
    ours = itself.begin(service) if root else None
    database = _database(service, repository)
    reported = {}
    for deploy in history.DEPLOYS:
        place = service.directory / deploy.name
        history.check_out(repository, place, deploy, database)
        reported[f"{deploy.name}..{BASELINE}"] = datetime.now(UTC)
        _report(service, place, deploy, reporting.token_of(keys, deploy.name))
        say.step(deploy.name, f"reported by its agent, at {deploy.revision}")
    del reported[f"{BASELINE}..{BASELINE}"]
    token = keys["admin"]["token"]
    asker = Asker(HOST, service.port, token, PROJECT)
    since = itself.report_itself(service, ours, root, base) if ours and root else None
    asker.await_comparison(reported, COMPARED_S, lambda: _where_to_look(service))
    say.step("compared", "each with production")
    told = _itself(service, token, since, say)
    _print_result(service, asker, keys, told, once=once)
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


def _itself(service: Service, token: str, since: datetime | None, say: "_Steps") -> str:
    """The line on paritycheck's own checkout and what runs of it; an installed copy has reported none."""
    if since is None:
        return "not watched: this is an installed copy, and a checkout is what is compared with what runs"
    asker = Asker(HOST, service.port, token, itself.PROJECT)
    asker.await_comparison({itself.PAIR: since}, COMPARED_S, lambda: _where_to_look(service))
    say.step("paritycheck", "watches itself: what runs here against its checkout")
    pair = next(found for found in asker.pairs() if found["pair"] == itself.PAIR)
    return itself.line(pair, len(asker.drifts()), f"http://{HOST}:{service.port}")


def _fresh(directory: Path, options: argparse.Namespace) -> Service:
    """An empty data directory, whatever an earlier demo left, and a service to start in it."""
    _check_port(options)
    if directory.is_dir() and any(directory.iterdir()) and not any((directory / name).exists() for name in LEFT):
        raise LocalError(f"{directory} holds what no demo has put there. Move it away, or use another --data.")
    clean(directory)
    directory.mkdir(mode=0o700)
    return Service(directory, options.port, env.without_settings(os.environ) | {"PYTHONUNBUFFERED": "1"})


def _check_port(options: argparse.Namespace) -> None:
    if not ports.taken(HOST, options.port):
        return
    free = ports.next_free(HOST, options.port)
    data = f" --data {shlex.quote(options.data)}" if options.data else ""
    command = f"make demo PORT={free}" if "MAKELEVEL" in os.environ else f"paritycheck demo{data} --port {free}"
    raise LocalError(f"Port {options.port} is taken." + (f" Run: {command}" if free else ""))


def _database(service: Service, repository: Path) -> str:
    """Production's own database on the embedded server, with the shop's tables; its URL."""
    with Embedded(service.directory) as server:
        server.make_database(PROJECT)
        url = server.paths.server_url(PROJECT)
        with psycopg.connect(url) as connection:
            connection.execute((repository / "shop" / "schema.sql").read_bytes())
        return url


def _report(service: Service, root: Path, deploy: history.Deploy, token: str) -> None:
    """The agent of one of the shop's deploys, which says what machine it would run on."""
    place = reporting.Place(deploy.name, root, service.directory / f"{deploy.name}.agent")
    told = {"PARITY_INSTANCE": deploy.instance, "PARITY_INSTANCE_KIND": deploy.machine}
    reporting.report(service, place, token, told)


def _print_result(service: Service, asker: Asker, keys: dict[str, Any], ours: str, *, once: bool) -> None:
    drifts, pairs = asker.drifts(), asker.pairs()
    width = max(len(pair["pair"]) for pair in pairs)
    lines = table.drift_lines(drifts, now=datetime.now(UTC), most=MOST_ROWS, colour=_colour())
    waits = [table.pair_line(pair, width) for pair in pairs if pair["pair"] != f"{BASELINE}..{BASELINE}"]
    admin = keys["admin"]
    stop = "" if once else "      Stop with Ctrl-C"
    address = f"Dashboard  http://{HOST}:{service.port}   sign in as {admin['email']} / {admin['password']}{stop}"
    _say(
        "\n".join(
            [
                "",
                *lines,
                "",
                *waits,
                f"Itself     {ours}",
                address,
                f"Next       {_parity_command()} init    in a project of yours",
            ]
        )
    )


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
    parser.add_argument("--data", metavar="DIR", help="kept in DIR/demo, emptied first (default: .paritycheck here)")
    parser.add_argument("--port", type=port_number, default=DEFAULT_PORT, help=f"default: {DEFAULT_PORT}")
    return parser
