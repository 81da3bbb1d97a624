"""`paritycheck up`: the whole service from one directory, in one command, until Ctrl-C."""

import argparse
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from paritycheck.local import environment as env
from paritycheck.local import ports, programs
from paritycheck.local.death import die_with_parent
from paritycheck.local.errors import LocalError
from paritycheck.local.locks import FileLock
from paritycheck.local.postgres import Embedded
from paritycheck.local.supervisor import Supervisor

DEFAULT_PORT = 8000
HIGHEST_PORT = 65535
ASK_EVERY_S = 0.5
NEXT = "paritycheck bootstrap --project shop --environment production:production --environment staging:staging"


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal. Raises LocalError when the service cannot start."""
    options = _parser().parse_args(arguments)
    directory = env.data_directory(options.data)
    signal.signal(signal.SIGTERM, _leave)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = env.up_lock(directory)
    if not lock.exclusive():
        raise LocalError(
            f"paritycheck already runs on {directory}, at {lock.note() or 'an address it is about to take'}. "
            "Stop it with Ctrl-C there, or use another directory with --data."
        )
    with lock:
        lock.write("")
        _check_port(options)
        return _serve(options, directory, lock)


def _serve(options: argparse.Namespace, directory: Path, lock: FileLock) -> int:
    began = time.monotonic()
    with _database(directory) as server:
        environment = env.with_data(os.environ, directory, server.url if server else None)
        environment = env.with_address(environment, options.bind, options.port)
        lock.write(environment["PUBLIC_URL"])
        _migrate(environment)
        announcement = _Announcement(options, directory, environment, server, began)
        programs_ = programs.all_programs(options.bind, options.port, environment)
        supervisor = Supervisor(
            programs_, tend=announcement.tend, inherited=server.descriptors if server is not None else ()
        )
        announcement.say = supervisor.say
        supervisor.run()
    return 0


def _database(directory: Path) -> AbstractContextManager[Embedded | None]:
    """The embedded server, unless DATABASE_URL names another."""
    return nullcontext() if env.has(os.environ, "DATABASE_URL") else Embedded(directory)


def _migrate(environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        programs.migrate(),
        env=dict(environment),
        check=False,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    if done.returncode != 0:
        raise LocalError("The database could not be brought up to this release; the reason stands above.")


class _Announcement:
    """Looks after the embedded server, and says once that the service answers."""

    def __init__(
        self,
        options: argparse.Namespace,
        directory: Path,
        environment: Mapping[str, str],
        server: Embedded | None,
        began: float,
    ) -> None:
        self._host, self._port = env.reachable(options.bind).strip("[]"), options.port
        self._url, self._directory = environment["PUBLIC_URL"], directory
        self._server, self._began = server, began
        self._next = 0.0
        self.say = _print

    def tend(self) -> None:
        """Called by the supervisor several times a second."""
        if self._server is not None:
            self._server.tend()
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + ASK_EVERY_S
            if answers(self._host, self._port):
                self._next = float("inf")
                self._announce()

    def _announce(self) -> None:
        self.say(f"Dashboard  {self._url}   ready after {time.monotonic() - self._began:.1f} s   Stop with Ctrl-C")
        self.say(f"Data       {self._directory}{self._apart()}")
        self.say(f"Next       {NEXT}")

    def _apart(self) -> str:
        if self._server is None or self._server.paths.account is None:
            return ""
        return f"   PostgreSQL, as another user, in {self._server.paths.place}"


def answers(host: str, port: int, path: str = "/livez") -> bool:
    """Whether a web server answers there at all, with anything but an error of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _check_port(options: argparse.Namespace) -> None:
    if not ports.taken(options.bind, options.port):
        return
    free = ports.next_free(options.bind, options.port)
    hint = f" Run: {_command(options, free)}" if free else ""
    raise LocalError(f"Port {options.port} of {options.bind} is taken.{hint}")


def _command(options: argparse.Namespace, port: int) -> str:
    data = ["--data", options.data] if options.data else []
    bind = ["--bind", options.bind] if options.bind != _parser().get_default("bind") else []
    return " ".join(["paritycheck", "up", *data, "--port", str(port), *bind])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paritycheck up",
        description="Run the whole service: database, web, worker, sender and beat, until Ctrl-C.",
        allow_abbrev=False,
    )
    parser.add_argument("--data", metavar="DIR", help="where everything is kept (default: .paritycheck here)")
    parser.add_argument(
        "--port", type=port_number, default=os.environ.get("PORT") or DEFAULT_PORT, help="default: PORT, else 8000"
    )
    parser.add_argument("--bind", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1, this machine only")
    return parser


def port_number(text: str) -> int:
    """A TCP port, for argparse."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is no port; use a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _leave(number: int, frame: object) -> None:
    """A signal before the supervisor runs: leave through every `finally`."""
    del frame
    raise SystemExit(128 + number)
