"""What `parity doctor` says of an instance's own token: to come, kept, due for renewal, or no longer known."""

from __future__ import annotations

import time

from paritycheck_agent.config import has_token
from paritycheck_agent.runner.enrolling import LATER_S, LOST, SPENT
from paritycheck_agent.runner.findings import ERROR, NOTE, OK, WARNING, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.enrolling import Access

AREA = "server"
UNREACHABLE = 3
_UNAUTHENTICATED, _FORBIDDEN = 401, 403


def examine(config: Config, access: Access) -> Iterator[Finding]:
    """Yield what is kept; asks nobody."""
    if has_token(config.environ):
        if config.environ.get("PARITY_ENROLL_TOKEN") or config.environ.get("PARITY_ENROLL_TOKEN_FILE"):
            text = "PARITY_TOKEN goes before PARITY_ENROLL_TOKEN: this instance does not enrol"
            yield Finding(AREA, NOTE, text, "unset PARITY_TOKEN where it should")
        return
    kept = access.kept
    if kept is None:
        yield Finding(AREA, NOTE, f"not enrolled yet: the next `parity report` enrols it as {access.instance}")
        return
    place = f"{kept['environment']} of {kept['project']}"
    yield Finding(AREA, OK, f"enrolled as {kept['instance']} in {place}, on {_day(kept['at'])}")
    if time.time() > kept["renew_at"] + LATER_S:
        text = f"its token was to be renewed on {_day(kept['renew_at'])}, and ends on {_day(kept['expires_at'])}"
        yield Finding(AREA, WARNING, text, "`parity report` renews it, or says why it cannot")
    else:
        yield Finding(AREA, OK, f"its token is renewed from {_day(kept['renew_at'])} on")


def of_answer(config: Config, access: Access, status: int) -> Finding | None:
    """Return what an answer says of this instance's token, or of the one to enrol with; None where it says no more."""
    if has_token(config.environ) or status not in {_UNAUTHENTICATED, _FORBIDDEN}:
        return None
    return _of_ticket(status) if access.kept is None else _of_kept(config, status)


def _of_ticket(status: int) -> Finding:
    """An enroll token may not report: 403 is the answer to one that counts."""
    if status == _FORBIDDEN:
        return Finding(AREA, OK, "the enroll token counts: nothing of it was spent by asking")
    return Finding(AREA, ERROR, "the server takes no enrolment with this enroll token", SPENT, UNREACHABLE)


def _of_kept(config: Config, status: int) -> Finding | None:
    if status == _FORBIDDEN:
        return None
    text = "the server does not know this instance's token any more"
    if config.enroll_token():
        return Finding(AREA, WARNING, text, "an enroll token is set: the next `parity report` enrols it anew")
    return Finding(AREA, ERROR, text, LOST, UNREACHABLE)


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
