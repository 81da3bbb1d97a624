"""An instance's own token: had once for an enroll token, kept in the state directory, renewed before it ends.

The file `token.json` is {"token", "instance", "project", "environment", "at", "renew_at", "expires_at"}, the last three
in seconds since 1970 by this machine's clock. It has mode 0600; where others may write to it it is not used.
"""

from __future__ import annotations

import json
import os
import time

from paritycheck_agent.config import ConfigError, has_token
from paritycheck_agent.runner.instance import host_name, identity, kept_id
from paritycheck_agent.runner.memory import directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

    from paritycheck_agent.config import Config
    from paritycheck_agent.transport.client import Client

ENROLL, RENEW = "/api/v1/enroll", "/api/v1/enroll/renew"
FILE = "token.json"
LATER_S = 86_400
_UNAUTHENTICATED = 401
_PREFIX, _CHARS = "pca_", 512
_TEXTS = ("token", "instance", "project", "environment")
_TIMES = ("at", "renew_at", "expires_at")
_TIME_MAX = 1 << 40
SPENT = (
    "the enroll token is used up, has ended, was revoked, or is of another project: a maintainer makes a new one under "
    "Settings, Tokens"
)
LOST = "this instance's token was revoked or has ended: PARITY_ENROLL_TOKEN with a new enroll token enrols it anew"


class Access:
    """How this agent shows who it is. `identity`: what it remembers by, which outlives a token that is renewed.

    `token` is empty before an enrolment. `kept`: what the file says, None without one. `said`: what was done just now.
    """

    __slots__ = ("_config", "_path", "_project", "identity", "instance", "kept", "said", "token")

    def __init__(self, config: Config, token: str, identity: str) -> None:
        self.token = token
        self.identity = identity
        self.kept: dict[str, Any] | None = None
        self.instance = ""
        self.said = ""
        self._config = config
        self._path = ""
        self._project = ""

    def of_instance(self, instance: str, project: str, place: str) -> None:
        """Take what an enrolment left in the directory `place`; raise ConfigError where it may not be used."""
        self.instance, self._project, self._path = instance, project, os.path.join(place, FILE)
        self.kept = _read(self._config, self._path)
        self.token = self.kept["token"] if self.kept else ""

    def ready(self, client: Client) -> None:
        """Enrol or renew where that is due; raise Refused, Unreachable, ConfigError. A renewal that fails waits."""
        if not self._path:
            return
        if self.kept is None:
            self.enrol(client)
        elif time.time() >= self.kept["renew_at"]:
            self._renew(client, self.kept)

    def enrol(self, client: Client) -> None:
        """Spend a use of the enroll token."""
        from paritycheck_agent.transport.client import Refused

        asked = {"instance": self.instance, **({"project": self._project} if self._project else {})}
        anew = "anew " if self.kept else ""
        client.connection.use(self._config.enroll_token())
        try:
            kept = self._exchanged(client, ENROLL, asked)
        except Refused as refused:
            refused.hint = SPENT if refused.status == _UNAUTHENTICATED else ""
            raise
        self.said = f"enrolled {anew}as {kept['instance']} of {kept['environment']}"

    def _renew(self, client: Client, kept: dict[str, Any]) -> None:
        from paritycheck_agent.transport.client import Refused
        from paritycheck_agent.transport.connection import Unreachable

        try:
            self._exchanged(client, RENEW, {})
        except Unreachable as error:
            self._config.warnings.append(f"this instance's token could not be renewed: {error}")
        except Refused as refused:
            said = f"{refused.status} {refused.code}"
            self._config.warnings.append(f"this instance's token was not renewed: {said}; asked again in a day")
            with _Kept(self._path) as file:
                file.write({**kept, "renew_at": int(time.time()) + LATER_S})

    def _exchanged(self, client: Client, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask with the connection's token; keep the answer before it is used. The file is opened before: a token that
        cannot be kept must not be spent.
        """
        from paritycheck_agent.transport.client import JSON_TYPE
        from paritycheck_agent.wire.canonical import line

        with _Kept(self._path) as file:
            kept = _checked(client.ask("POST", path, line(asked), {"Content-Type": JSON_TYPE}), self.instance)
            file.write(kept)
        self.kept, self.token = kept, kept["token"]
        client.connection.use(self.token)
        return kept

    def may_anew(self, refused: Any) -> bool:
        """Whether the server says that it does not know this instance's token, and there is another to enrol with."""
        if self.kept is None or refused.status != _UNAUTHENTICATED:
            return False
        if refused.reenroll and self._config.enroll_token():
            return True
        refused.hint = LOST
        return False


class _Kept:
    """The file, written anew or not at all: beside its place, synced and renamed."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._beside = f"{path}.{os.getpid()}"
        self._written = False

    def __enter__(self) -> Self:
        try:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            self._stream = open(self._beside, "w", encoding="utf-8", opener=_private)
        except OSError as error:
            hint = "an enrolled instance keeps its token: PARITY_STATE_DIR names a directory that stays"
            raise ConfigError(self._path, f"cannot be written: {error.strerror}", hint) from None
        return self

    def write(self, kept: dict[str, Any]) -> None:
        """Raise ConfigError where the disk is full."""
        try:
            json.dump(kept, self._stream)
            self._stream.flush()
            os.fsync(self._stream.fileno())
            os.replace(self._beside, self._path)
        except OSError as error:
            raise ConfigError(self._path, f"cannot be written: {error.strerror}") from None
        self._written = True

    def __exit__(self, *_failed: object) -> None:
        try:
            self._stream.close()
            if not self._written:
                os.unlink(self._beside)
        except OSError:
            return


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def access(config: Config, url: str, *, make: bool = False) -> Access:
    """Return how to show who this is: a token that is set, else what an enrolment left, else one that is to come.

    Raise ConfigError where there is neither. `make`: a host that has no id yet is given one.
    """
    if has_token(config.environ):
        token = config.token()
        return Access(config, token, token)
    instance = identity(config.environ, config.state_home)["id"] if make else _named(config)
    project = str(config.environ.get("PARITY_PROJECT") or config.settings.get("project", {}).get("name", ""))
    found = Access(config, "", f"enrolled\n{project}\n{instance}")
    found.of_instance(instance, project, directory(config.state_home, url, found.identity))
    if found.kept is None and not config.enroll_token():
        hint = "export PARITY_TOKEN, or name a file of mode 0600 in PARITY_TOKEN_FILE; PARITY_ENROLL_TOKEN enrols"
        raise ConfigError("PARITY_TOKEN", "no token to report with", hint)
    return found


def _named(config: Config) -> str:
    return config.environ.get("PARITY_INSTANCE", "").strip() or kept_id(config.state_home) or host_name()


def _read(config: Config, path: str) -> dict[str, Any] | None:
    """Return what an earlier run kept, None where there is nothing, or nothing whole."""
    if not os.path.lexists(path):
        return None
    try:
        kept = json.loads(config.read_secret(path, path))
    except (ValueError, RecursionError):
        return None
    return kept if _is_whole(kept) else None


def _is_whole(kept: Any) -> bool:
    if not isinstance(kept, dict) or not all(isinstance(kept.get(name), str) for name in _TEXTS):
        return False
    times = [kept.get(name) for name in _TIMES]
    return _is_token(kept["token"]) and all(isinstance(at, int) and 0 <= at < _TIME_MAX for at in times)


def _is_token(text: str) -> bool:
    plain = text.isascii() and text.replace("_", "").isalnum()
    return plain and text.startswith(_PREFIX) and len(text) <= _CHARS


def _checked(answer: dict[str, Any], instance: str) -> dict[str, Any]:
    """Return what is kept of an answer; raise Unreachable for what is none of ours."""
    from paritycheck_agent.transport.connection import Unreachable

    now = int(time.time())
    renew_in, expires_in = answer.get("renew_in"), answer.get("expires_in")
    if not (isinstance(renew_in, int) and isinstance(expires_in, int)):
        raise Unreachable("the answer says not how long the token lasts")
    times = {"at": now, "renew_at": now + renew_in, "expires_at": now + expires_in}
    kept = {**{name: answer.get(name) for name in _TEXTS}, **times}
    if not _is_whole(kept) or kept["instance"] != instance:
        raise Unreachable("the answer holds no token of this instance")
    return kept
