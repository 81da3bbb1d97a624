"""The four processes of the service, as commands of this Python: what is on PATH does not matter."""

import sys
from collections.abc import Mapping

from paritycheck.local.supervisor import Program

CELERY = "paritycheck.config.celery"
QUIET_WORKER = ("--without-gossip", "--without-mingle", "--without-heartbeat")
# In a container the only user is often root; the warning about it is five lines at every start.
AS_ROOT = "ignore:You're running the worker with superuser"
# A web process has 16 threads: pages wait for the database, and one stalled upload must not hold up the rest.
BLOCKING_THREADS = "16"
WEB_PROCESSES = "2"
EVALUATIONS_AT_ONCE = "2"
DELIVERIES_AT_ONCE = "8"


def web(address: str, port: int, environment: Mapping[str, str]) -> Program:
    """Granian, WSGI, HTTP/1."""
    command = _python("granian", "--interface", "wsgi", "paritycheck.config.wsgi:application", "--no-ws")
    where = ("--host", address, "--port", str(port), "--http", "1")
    size = ("--workers", environment.get("WEB_CONCURRENCY") or WEB_PROCESSES, "--blocking-threads", BLOCKING_THREADS)
    end = ("--workers-kill-timeout", "10", "--respawn-failed-workers")
    return Program("web", (*command, *where, *size, *end), environment)


def worker(environment: Mapping[str, str]) -> Program:
    """Evaluations: a pool of processes, so that one can be killed at its time limit."""
    return _celery("worker", ("-Q", "paritycheck", "--concurrency", EVALUATIONS_AT_ONCE), environment)


def sender(environment: Mapping[str, str]) -> Program:
    """Deliveries: they wait for other people's servers, so threads will do, apart from evaluations."""
    return _celery("sender", ("-Q", "deliver", "--pool", "threads", "--concurrency", DELIVERIES_AT_ONCE), environment)


def beat(environment: Mapping[str, str]) -> Program:
    """The clock, and the sweeper of due rows."""
    return Program("beat", _python("paritycheck", "beat"), environment)


def migrate() -> tuple[str, ...]:
    """The command that brings the database up to this release."""
    return _python("paritycheck", "migrate", "--no-input", "--verbosity", "0")


def all_programs(address: str, port: int, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Web, worker, sender and beat."""
    return (web(address, port, environment), worker(environment), sender(environment), beat(environment))


def _celery(name: str, options: tuple[str, ...], environment: Mapping[str, str]) -> Program:
    """A worker of its own node name; SIGTERM starts the soft shutdown, which gives unfinished tasks back."""
    command = _python("celery", "--quiet", "-A", CELERY, "worker", "-n", f"{name}@paritycheck", *options)
    added = {"REMAP_SIGTERM": "SIGQUIT", "PYTHONWARNINGS": AS_ROOT}
    return Program(name, (*command, *QUIET_WORKER), {**environment, **added})


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
