"""Is the server there, is it ours, does it take the token, do the clocks agree? One request, which reports nothing."""

from __future__ import annotations

import time

from paritycheck_agent.config import ConfigError, has_token
from paritycheck_agent.runner import doctor_enrolment, enrolling, keyless
from paritycheck_agent.runner.findings import ERROR, NOTE, OK, WARNING, Finding
from paritycheck_agent.runner.session import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.enrolling import Access
    from paritycheck_agent.transport.connection import Answer

AREA = "server"
USAGE, UNREACHABLE = 2, 3
_AGREE_S, _SKEW_S = 5, 60
_UNAUTHENTICATED, _FORBIDDEN, _UNPROCESSABLE = 401, 403, 422
_BUSY = frozenset({429, 503})
# A report that says nothing: refused with 422 by a server that knows the token, with 401 or 403 by one that does not.
_QUESTION = b'{"schema":"paritycheck.report/1"}'


def examine(config: Config) -> Iterator[Finding]:
    """Yield what a report would meet."""
    way = None if has_token(config.environ) else keyless.offered(config.environ)
    if way:
        yield from _keyless(config, way)
        return
    try:
        url = config.url()
        access = enrolling.access(config, url)
    except ConfigError as error:
        yield Finding(AREA, ERROR, f"{error.where}: {error.what}", error.hint, USAGE)
        return
    if url.startswith("http://") and not is_loopback(url):
        yield Finding(AREA, WARNING, "PARITY_URL is http: the token travels readable", "use https")
    yield from _through_proxy(config, url)
    yield from doctor_enrolment.examine(config, access)
    yield from _asked(config, url, access)


def _keyless(config: Config, way: str) -> Iterator[Finding]:
    """Sign in as `parity gate` would in this job of a pipeline; a report needs a token of its own."""
    from paritycheck_agent.runner.session import exit_code, hints_of, told
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    try:
        signed = keyless.exchanged(config, config.project(), way)
    except ConfigError as error:
        yield Finding(AREA, ERROR, f"{error.where}: {error.what}", error.hint, USAGE)
    except Unreachable as error:
        yield Finding(AREA, ERROR, f"no token for the id token of {way}: {error}", "see PARITY_URL", UNREACHABLE)
    except Refused as refused:
        text, hint = f"the server takes no id token of {way}: {told(refused)}", "; ".join(hints_of(refused))
        yield Finding(AREA, ERROR, text, hint, exit_code(refused))
    else:
        text = f"signs in with the id token of {way}, for: {signed.scope or 'what it does not say'}"
        yield Finding(AREA, OK, text, f"{keyless.SPENT}: this one is spent now" if keyless.in_variable(way) else "")
        hint = "set PARITY_TOKEN to one that begins with pca_ where this job is to report"
        yield Finding(AREA, NOTE, "`parity gate` and `parity deploy` need no stored token here", hint)


def _through_proxy(config: Config, url: str) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    from paritycheck_agent.transport.proxies import proxy_for

    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        proxy = proxy_for(parts.scheme, parts.hostname or "", port, config.environ)
    except ValueError as error:
        yield Finding(AREA, ERROR, str(error), "the proxy's address looks like http://proxy.example:3128", UNREACHABLE)
        return
    if proxy:
        text = f"asked through the proxy {proxy.host}:{proxy.port}"
        yield Finding(AREA, OK, f"{text}, as {parts.scheme.upper()}_PROXY says; NO_PROXY leaves hosts out")


def _asked(config: Config, url: str, access: Access) -> Iterator[Finding]:
    from paritycheck_agent.transport.connection import Connection, Unreachable

    token = access.token or config.enroll_token()
    connection = Connection(url, token=token, ca_file=config.ca_file, environ=config.environ)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(_QUESTION))}
    began = time.monotonic()
    try:
        answer = connection.request("POST", "/api/v1/reports", _QUESTION, headers)
    except (Unreachable, OSError) as error:
        said = str(error) if isinstance(error, Unreachable) else error.strerror or "the connection was closed"
        hint = "see PARITY_URL, whether it runs, and what stands between: firewall, proxy, DNS"
        yield Finding(AREA, ERROR, f"{url} cannot be reached: {said}", hint, UNREACHABLE)
        return
    finally:
        connection.close()
    took_ms, code = (time.monotonic() - began) * 1000, _code(answer)
    if not code:
        text = f"{url} answers {answer.status}, and is no paritycheck server"
        yield Finding(AREA, ERROR, text, "a proxy, a log-in page or another service is there instead", UNREACHABLE)
        return
    secure = ", certificate verified" if url.startswith("https://") else ""
    yield Finding(AREA, OK, f"{url} answers in {took_ms:.0f} ms{secure}")
    yield doctor_enrolment.of_answer(config, access, answer.status) or _of_token(answer.status, code)
    yield from _of_clock(answer)


def _code(answer: Answer) -> str:
    """Return the code of our server's problem, empty for any other answer."""
    import json

    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) else ""


def _of_token(status: int, code: str) -> Finding:
    if status == _UNPROCESSABLE:
        return Finding(AREA, OK, "the token may report")
    if status == _UNAUTHENTICATED:
        hint = "copy it again from the page of the environment, or make a new one there"
        return Finding(AREA, ERROR, "the token is not known to this server, or was revoked", hint, UNREACHABLE)
    if status == _FORBIDDEN:
        hint = "a report needs a token that begins with pca_; one that begins with pcg_ is for `parity gate`"
        return Finding(AREA, ERROR, "the token may not report", hint, UNREACHABLE)
    if status in _BUSY:
        hint = "reports are kept meanwhile; nothing to do here"
        return Finding(AREA, WARNING, f"the server takes nothing right now: {status} {code}", hint, UNREACHABLE)
    return Finding(AREA, WARNING, f"whether the token may report is not known: {status} {code}")


def _of_clock(answer: Answer) -> Iterator[Finding]:
    """Compare with the answer's Date, which has whole seconds."""
    from email.utils import parsedate_to_datetime

    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return
    ahead = time.time() - theirs
    if abs(ahead) <= _AGREE_S:
        yield Finding(AREA, OK, "the clocks agree")
        return
    text = f"this clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"
    hint = "the server's time counts; still, set it: timedatectl set-ntp true, or chrony"
    yield Finding(AREA, WARNING if abs(ahead) > _SKEW_S else OK, text, hint if abs(ahead) > _SKEW_S else "")
