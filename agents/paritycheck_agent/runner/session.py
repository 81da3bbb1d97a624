"""One `parity report`: collect, send what waits, send this one, keep what could not be sent."""

from __future__ import annotations

from paritycheck_agent.runner import enrolling, last
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
    from paritycheck_agent.runner.enrolling import Access

OK, USAGE, UNREACHABLE = 0, 2, 3
_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE = 401, 403, 404, 422


class Outcome:
    """How a run ended: the exit code, one line that says so, what to do about it, warnings, and what was collected.

    `again`: sending the same later can help, not before `wait_s` seconds where the server said so. `interval_s`: how
    often the server wants to hear, 0 where it does not say.
    """

    __slots__ = ("again", "code", "hints", "interval_s", "parts", "text", "unchanged", "wait_s", "warnings")

    def __init__(self, code: int, text: str, warnings: Sequence[str] = (), hints: Sequence[str] = ()) -> None:
        self.code = code
        self.text = text
        self.warnings = list(warnings)
        self.hints = list(hints)
        self.parts: list[Part] = []
        self.again = False
        self.wait_s = 0
        self.unchanged = False
        self.interval_s = 0


def send_report(config: Config, *, interval_s: int = 0, kept_only: bool = False) -> Outcome:
    """Collect and send; raise ConfigError, Busy.

    `interval_s`: another report follows after that time, or the time that the server asked for. `kept_only`: where
    reports wait they are sent and nothing is collected.
    """
    url = config.url()
    memory = Memory(directory(config.state_home, url, enrolling.access(config, url, make=True).identity))
    memory.lock()
    try:
        # Read again behind the lock: another run may have enrolled or renewed meanwhile.
        access = enrolling.access(config, url, make=True)
        spool = Spool(memory.directory)
        parts: list[Part] = []
        entry: Entry | None = None
        waiting = spool.waiting()
        memory.dropped += spool.lost()
        if not (kept_only and waiting):
            parts, entry = _collected(config, memory, interval_s)
        outcome = _deliver(open_delivery(config, url, access.token, memory), spool, entry, access)
        outcome.parts, outcome.interval_s = parts, memory.interval_s
        outcome.warnings = config.warnings + outcome.warnings
        last.note(memory, url, outcome, (memory.interval_s or interval_s) if interval_s else 0)
    finally:
        memory.release()
    if not memory.writable:
        outcome.warnings.append(f"{memory.directory} cannot be written to: nothing is kept between runs")
    return outcome


def _collected(config: Config, memory: Memory, interval_s: int) -> tuple[list[Part], Entry]:
    started, dropped = now(), memory.dropped
    parts = parts_of(config)
    interval_s = (memory.interval_s or interval_s) if interval_s else 0
    report = build(config, parts, seq=memory.next_seq(), collected_at=started, dropped=dropped, interval_s=interval_s)
    return parts, Entry(report, bodies_of(parts), config.policy)


def open_delivery(config: Config, url: str, token: str, memory: Memory) -> Delivery:
    """Return a delivery to the server of this configuration. Imports ssl: 10 ms that only sending pays."""
    from paritycheck_agent.runner.delivery import Delivery
    from paritycheck_agent.transport.client import Client
    from paritycheck_agent.transport.connection import Connection

    if url.startswith("http://") and not is_loopback(url):
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


def _deliver(delivery: Delivery, spool: Spool, entry: Entry | None, access: Access) -> Outcome:
    """Send what waits, then the entry where there is one."""
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    try:
        access.ready(delivery.client)
        late, answer = _all_sent(delivery, spool, entry, access)
    except Unreachable as error:
        return _kept(delivery, spool, entry, f"the server cannot be reached: {error}", error.wait_s)
    except Refused as refused:
        said = f"the server refused the report: {told(refused)}"
        if refused.retryable:
            return _kept(delivery, spool, entry, said, refused.wait_s)
        if refused.status == _UNAUTHENTICATED:
            # Nothing is wrong with the report: it goes once the server knows the token.
            return _kept_unknown(delivery, spool, entry, said, hints_of(refused))
        # Kept aside, so that a person can see what was refused.
        if entry and spool.keep(entry):
            spool.reject(spool.waiting()[-1], told(refused))
        return Outcome(exit_code(refused), said, delivery.warnings, hints_of(refused))
    finally:
        delivery.client.connection.close()
    said = _taken(answer, late) if entry else _caught_up(late)
    outcome = Outcome(OK, f"{access.said}; {said}" if access.said else said, delivery.warnings)
    outcome.unchanged = answer.get("unchanged") is True and not late
    return outcome


def _all_sent(delivery: Delivery, spool: Spool, entry: Entry | None, access: Access) -> tuple[int, dict[str, Any]]:
    """Send what waits and the entry; once more where the server lost this instance's token and it may enrol anew."""
    from paritycheck_agent.transport.client import Refused

    try:
        return _send_waiting(delivery, spool), delivery.send(entry) if entry else {}
    except Refused as refused:
        if not access.may_anew(refused):
            raise
    access.enrol(delivery.client)
    return _send_waiting(delivery, spool), delivery.send(entry) if entry else {}


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
            if refused.retryable or refused.status in {_UNAUTHENTICATED, _FORBIDDEN}:
                raise
            spool.reject(path, told(refused))
            delivery.warnings.append(f"a kept report was refused and is put aside: {told(refused)}")
        else:
            spool.done(path)
            sent += 1
    return sent


def _kept(delivery: Delivery, spool: Spool, entry: Entry | None, why: str, wait_s: int) -> Outcome:
    kept = spool.keep(entry) if entry else True
    delivery.memory.dropped += spool.lost()
    delivery.memory.save()
    then = "the report is kept and goes with the next run" if kept else "the report could not be kept"
    outcome = Outcome(UNREACHABLE, f"{why}; {then}", delivery.warnings)
    outcome.again, outcome.wait_s = True, wait_s
    return outcome


def _kept_unknown(delivery: Delivery, spool: Spool, entry: Entry | None, why: str, hints: Sequence[str]) -> Outcome:
    """Keep what a token that is not known cannot send. To ask again soon does not help: a person has to act."""
    outcome = _kept(delivery, spool, entry, why, 0)
    outcome.again, outcome.hints = False, list(hints)
    return outcome


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
        "forbidden": "a report needs a token that begins with pca_, a gate and a deploy one that begins with pcg_, "
        "reading one that begins with pcu_",
        "address-refused": "this token is kept to certain networks; a maintainer changes them under Settings, Tokens",
        "quota-exceeded": "the project's storage is full; its owner has a mail about it",
    }
    if refused.hint:
        return [*places, refused.hint]
    return places + ([hints[refused.code]] if refused.code in hints else [])


def _caught_up(late: int) -> str:
    return f"{late} kept {'report was' if late == 1 else 'reports were'} sent"


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


def is_loopback(url: str) -> bool:
    authority = url.partition("://")[2].partition("/")[0]
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    return host in {"localhost", "::1"} or host.startswith("127.")
