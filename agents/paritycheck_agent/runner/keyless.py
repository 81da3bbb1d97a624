"""Signing in without a stored secret: the id token that a CI gives its job, exchanged for a token of ten minutes.

The exchange is RFC 8693. An id token says who runs, and is worth a token: it is sent to the server alone, by https or
on this machine, and stands in no error, no log and no file.
"""

from __future__ import annotations

import re
import time

from paritycheck_agent.config import ConfigError, has_token
from paritycheck_agent.runner.session import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paritycheck_agent.config import Config

EXCHANGE = "/api/v1/auth/oidc"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - the name of a type
CHARS = 16 * 1024
PROGRAM_S = 30
SPENT = "It counts once: each further command of a job needs an id token of its own"
LASTS_S, MARGIN_S = 600, 60
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_OK = 200


class SignedIn:
    """A token, and `identity`: what the agent remembers by, which for a token of ten minutes is not the token itself.

    `way`: the CI that vouched, empty for a token that was set; `scope`: what the server lets it do, empty if not said;
    `until`: when another is needed, on the clock of `time.monotonic`.
    """

    __slots__ = ("identity", "scope", "token", "until", "way")

    def __init__(self, token: str, identity: str, way: str = "", scope: str = "") -> None:
        self.token = token
        self.identity = identity
        self.way = way
        self.scope = scope
        self.until = float("inf")


def sign_in(config: Config, project: str) -> SignedIn:
    """Return a token for a project: the one that is set, else one for the id token of the CI job that this is.

    Raise ConfigError, Refused, Unreachable.
    """
    way = offered(config.environ)
    if way is not None and not has_token(config.environ):
        return exchanged(config, project, way)
    if not has_token(config.environ):
        for mark, hint in _HINTS.items():
            if config.environ.get(mark):
                raise ConfigError("PARITY_TOKEN", "is not set, and this job has no id token", hint)
    token = config.token()
    return SignedIn(token, token)


def in_variable(way: str) -> bool:
    """Whether the job has one id token, given to it at its start; from others a new one is had each time."""
    return way in ("GitLab CI", "CircleCI")


def offered(environ: Mapping[str, str]) -> str | None:
    """Return the CI that offers this job an id token; None where none does."""
    return next((name for name, (marks, _) in _WAYS.items() if all(environ.get(mark) for mark in marks)), None)


def exchanged(config: Config, project: str, way: str) -> SignedIn:
    """Return the server's token for the id token of a CI; raise ConfigError, Refused, Unreachable."""
    from paritycheck_agent.transport.client import JSON_TYPE, Client, Refused
    from paritycheck_agent.transport.connection import Connection, Unreachable
    from paritycheck_agent.wire.canonical import line

    url = config.url()
    if not url.startswith("https://") and not is_loopback(url):
        raise ConfigError("PARITY_URL", "an id token is sent by https only", "or set PARITY_TOKEN")
    asked = {"grant_type": GRANT, "subject_token": _checked(way, config, url), "subject_token_type": ID_TOKEN}
    connection = Connection(url, token="", ca_file=config.ca_file, environ=config.environ)
    try:
        body = line({**asked, "project": project})
        answer = Client(connection).ask("POST", EXCHANGE, body, {"Content-Type": JSON_TYPE})
    except Refused as refused:
        refused.hint = (
            f"this is about the id token of {way}: a maintainer names on the project's settings whom it trusts"
        ) + (f". {SPENT}" if in_variable(way) else "")
        raise
    finally:
        connection.close()
    token = answer.get("access_token")
    if not isinstance(token, str) or not _is_word(token) or str(answer.get("token_type")).lower() != "bearer":
        raise Unreachable("the answer holds no token")
    signed = SignedIn(token, f"{way} {project}", way, str(answer.get("scope") or ""))
    lasts_s = answer.get("expires_in")
    signed.until = time.monotonic() + (lasts_s if isinstance(lasts_s, int) else LASTS_S) - MARGIN_S
    return signed


def _checked(way: str, config: Config, audience: str) -> str:
    """Return the id token; raise ConfigError for what is none, without showing it."""
    token = _WAYS[way][1](config.environ, audience).strip()
    if len(token) > CHARS or not _FORM.fullmatch(token):
        raise ConfigError(f"the id token of {way}", "is no JSON Web Token", "or set PARITY_TOKEN")
    return token


def _is_word(text: str) -> bool:
    return bool(text) and len(text) <= CHARS and text.isascii() and text.isprintable() and " " not in text


def _of_github(environ: Mapping[str, str], audience: str) -> str:
    """Ask GitHub for it: https://docs.github.com/actions/reference/security/oidc, Methods for requesting the token."""
    import json
    from urllib.parse import quote

    from paritycheck_agent.config import checked_url
    from paritycheck_agent.transport.connection import Connection, Unreachable

    place, _mark, query = environ["ACTIONS_ID_TOKEN_REQUEST_URL"].partition("?")
    scheme, _colon, rest = place.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme != "https" and not is_loopback(place):
        raise ConfigError("ACTIONS_ID_TOKEN_REQUEST_URL", "is no https URL", "or set PARITY_TOKEN")
    # Not the server's own authority: GitHub's certificate is not of it.
    secret = environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    connection = Connection(checked_url(f"{scheme}://{authority}"), token=secret, environ=environ)
    target = f"{slash}{path}?{query}{'&' if query else ''}audience={quote(audience, safe='')}"
    if not _is_word(target) or not _is_word(secret):
        raise ConfigError("ACTIONS_ID_TOKEN_REQUEST_URL", "holds what no URL does", "or set PARITY_TOKEN")
    try:
        answer = connection.request("GET", target, b"", {})
    except (Unreachable, OSError):
        raise Unreachable("GitHub gives no id token: its address cannot be reached") from None
    finally:
        connection.close()
    try:
        token = json.loads(answer.body)["value"] if answer.status == _OK else None
    except (ValueError, RecursionError, KeyError, TypeError):
        token = None
    if not isinstance(token, str):
        raise Unreachable(f"GitHub gives no id token: it answers {answer.status}")
    return token


def _of_buildkite(environ: Mapping[str, str], audience: str) -> str:
    """Ask its agent: https://buildkite.com/docs/agent/v3/cli-oidc."""
    import subprocess

    command = ["buildkite-agent", "oidc", "request-token", "--audience", audience]
    try:
        done = subprocess.run(command, env=dict(environ), capture_output=True, timeout=PROGRAM_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise ConfigError(
            "buildkite-agent", "gives no id token", "see that it is in PATH, or set PARITY_TOKEN"
        ) from None
    if done.returncode:
        raise ConfigError("buildkite-agent oidc request-token", f"ended with {done.returncode}", "or set PARITY_TOKEN")
    return done.stdout[: CHARS + 1].decode("ascii", "replace")


def _set_in(name: str) -> Callable[[Mapping[str, str], str], str]:
    return lambda environ, _audience: environ[name]


_HINTS = {
    "GITHUB_ACTIONS": "`permissions: id-token: write` gives it one; pull requests from forks get none",
    "GITLAB_CI": "`id_tokens: { PARITY_ID_TOKEN: { aud: $PARITY_URL } }` gives it one",
}
# The variables that show each, and how it is had. GitLab's job names its variable itself, with the audience.
_WAYS: dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, str], str], str]]] = {
    "GitLab CI": (("PARITY_ID_TOKEN",), _set_in("PARITY_ID_TOKEN")),
    "GitHub Actions": (("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"), _of_github),
    "CircleCI": (("CIRCLE_OIDC_TOKEN_V2",), _set_in("CIRCLE_OIDC_TOKEN_V2")),
    "Buildkite": (("BUILDKITE", "BUILDKITE_JOB_ID"), _of_buildkite),
}
