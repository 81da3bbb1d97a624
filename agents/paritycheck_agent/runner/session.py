"""One `parity report`: collect, send what waits, send this one, keep what could not be sent."""

from __future__ import annotations

from paritycheck_agent.runner.memory import Memory, directory
from paritycheck_agent.runner.report import bodies_of, build, now, parts_of
from paritycheck_agent.spool import Entry, Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.collecting import Part
    from paritycheck_agent.runner.delivery import Delivery

OK, USAGE, UNREACHABLE = 0, 2, 3
_NOT_FOUND, _UNPROCESSABLE = 404, 422


class Outcome:
    """How a run ended: the exit code, one line that says so, what to do about it, warnings, and what was collected."""

    __slots__ = ("code", "hints", "parts", "text", "warnings")

    def __init__(self, code: int, text: str, warnings: Sequence[str] = (), hints: Sequence[str] = ()) -> None:
        self.code = code
        self.text = text
        self.warnings = list(warnings)
        self.hints = list(hints)
        self.parts: list[Part] = []


def send_report(config: Config) -> Outcome:
    """Collect and send; raise ConfigError, Busy."""
    url, token = config.url(), config.token()
    memory = Memory(directory(config.state_home, url, token))
    memory.lock()
    try:
        started = now()
        parts = parts_of(config)
        dropped = memory.dropped
        report = build(config, parts, seq=memory.next_seq(), collected_at=started, dropped=dropped)
        entry = Entry(report, bodies_of(parts), config.policy)
        outcome = _deliver(open_delivery(config, url, token, memory), Spool(memory.directory), entry)
    finally:
        memory.release()
    outcome.parts = parts
    outcome.warnings = config.warnings + outcome.warnings
    if not memory.writable:
        outcome.warnings.append(f"{memory.directory} cannot be written to: nothing is kept between runs")
    return outcome


def open_delivery(config: Config, url: str, token: str, memory: Memory) -> Delivery:
    """Return a delivery to the server of this configuration. Imports http.client: 29 ms that only sending pays."""
    from paritycheck_agent.runner.delivery import Delivery
    from paritycheck_agent.transport.client import Client
    from paritycheck_agent.transport.connection import Connection

    if url.startswith("http://") and not _is_loopback(url):
        config.warnings.append("PARITY_URL is http: the token travels readable; use https")
    connection = Connection(url, token=token, ca_file=config.ca_file, environ=config.environ)

    def commits(have: list[str], tips: list[str], want: int) -> bytes:
        return commit_lines(config, have, tips, want)

    return Delivery(Client(connection), memory, commits)


def commit_lines(config: Config, have: list[str], tips: list[str], want: int) -> bytes:
    """Return commits as lines, empty where git or the repository is missing or says no."""
    from paritycheck_agent.sources import git

    try:
        return git.commit_lines(
            config.root, have, want, tips=tips, settings=config.settings, environ=config.public_environ()
        )
    except Exception:  # noqa: BLE001 - a repository may fail in any way; the report goes on without its commits
        return b""


def _deliver(delivery: Delivery, spool: Spool, entry: Entry) -> Outcome:
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    try:
        late = _send_waiting(delivery, spool)
        answer = delivery.send(entry)
    except Unreachable as error:
        return _kept(delivery, spool, entry, f"the server cannot be reached: {error}")
    except Refused as refused:
        said = f"the server refused the report: {told(refused)}"
        if refused.retryable:
            return _kept(delivery, spool, entry, said)
        # Kept aside, so that a person can see what was refused.
        if spool.keep(entry):
            spool.reject(spool.waiting()[-1])
        return Outcome(exit_code(refused), said, delivery.warnings, hints_of(refused))
    finally:
        delivery.client.connection.close()
    return Outcome(OK, _taken(answer, late), delivery.warnings)


def _send_waiting(delivery: Delivery, spool: Spool) -> int:
    """Send the reports of earlier runs, oldest first; return how many. The first that cannot be sent stops it."""
    from paritycheck_agent.transport.client import Refused

    sent = 0
    for path in spool.waiting():
        entry = spool.read(path)
        if entry is None:
            delivery.warnings.append(f"a kept report was damaged and is put aside: {path}")
            continue
        try:
            delivery.send(entry)
        except Refused as refused:
            if refused.retryable or refused.status in {401, 403}:
                raise
            spool.reject(path)
            delivery.warnings.append(f"a kept report was refused and is put aside: {told(refused)}")
        else:
            spool.done(path)
            sent += 1
    return sent


def _kept(delivery: Delivery, spool: Spool, entry: Entry, why: str) -> Outcome:
    kept = spool.keep(entry)
    if spool.dropped:
        delivery.memory.dropped += spool.dropped
        delivery.memory.save()
    then = "the report is kept and goes with the next run" if kept else "the report could not be kept"
    return Outcome(UNREACHABLE, f"{why}; {then}", delivery.warnings)


def exit_code(refused: Any) -> int:
    """Return 2 where the question was wrong, 3 where the server would not answer it (DESIGN.md, the gate)."""
    return USAGE if refused.status in {_NOT_FOUND, _UNPROCESSABLE} else UNREACHABLE


def told(refused: Any) -> str:
    """Return a refusal for a person: status, code, detail."""
    return " ".join(str(part) for part in (refused.status, refused.code, refused.detail) if part)


def hints_of(refused: Any) -> list[str]:
    """Return where the errors of a problem stand, and what a person can do about its code."""
    places = [
        f"{error.get('pointer', '')} {error.get('code', '')}: {error.get('detail', '')}" for error in refused.errors
    ]
    hints = {
        "unauthenticated": "PARITY_TOKEN is not known to this server, or was revoked",
        "forbidden": "a report needs a token that begins with pca_, a gate one that begins with pcg_",
        "quota-exceeded": "the project's storage is full; its owner has a mail about it",
    }
    return places + ([hints[refused.code]] if refused.code in hints else [])


def _taken(answer: dict[str, Any], late: int) -> str:
    said = "report taken"
    if answer.get("unchanged") is True:
        said = "nothing has changed since the last report"
    elif answer.get("duplicate") is True:
        said = "the server had this report already"
    elif answer.get("stale") is True:
        said = "the server has a newer report of this instance; this one is kept as history"
    elif isinstance(answer.get("snapshot"), int):
        said = f"report taken, snapshot {answer['snapshot']}"
    return f"{said}; {late} kept earlier {'was' if late == 1 else 'were'} sent first" if late else said


def _is_loopback(url: str) -> bool:
    authority = url.partition("://")[2].partition("/")[0]
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    return host in {"localhost", "::1"} or host.startswith("127.")
