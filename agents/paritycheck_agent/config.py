"""What a run is told: `parity.toml` or `[tool.parity]`, and the variables `PARITY_*`. No token comes by argument."""

from __future__ import annotations

import os

from paritycheck_agent.context import regular
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.canonical import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

POLICY_FILE = "parity.toml"
PYPROJECT_FILE = "pyproject.toml"
_PREFIX = ("tool", "parity")
_FILE_BYTES = 1024 * 1024
_SECRETS = (
    "PARITY_TOKEN", "PARITY_TOKEN_FILE", "PARITY_ENROLL_TOKEN", "PARITY_ENROLL_TOKEN_FILE",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2",
)  # fmt: skip
# The name of the credential by which systemd hands an enroll token over.
_CREDENTIAL = "parity-enroll-token"
_WRITABLE_BY_OTHERS = 0o022
_READABLE_BY_OTHERS = 0o044


class ConfigError(Exception):
    """Something a person has to change: where it stands, what is wrong, what to do. Holds no value of a secret."""

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        super().__init__(f"{where}: {what}" + (f"\nhint: {hint}" if hint else ""))
        self.where = where
        self.what = what
        self.hint = hint


class Config:
    """One run's configuration. `policy`: the bytes of the policy in the checkout, None without one.

    `kubernetes`: where the command line or a variable says that a cluster is told of. `sboms`: the bills of materials
    that the command line names.
    """

    __slots__ = ("ca_file", "environ", "kubernetes", "policy", "root", "sboms", "settings", "state_home", "warnings")

    def __init__(
        self, *, root: str, environ: Mapping[str, str], settings: Mapping[str, Any], policy: bytes | None, ca_file: str
    ) -> None:
        self.root = root
        self.environ = environ
        self.settings = settings
        self.policy = policy
        self.ca_file = ca_file
        self.kubernetes = ""
        self.state_home = state_home(environ)
        self.sboms: list[str] = []
        self.warnings: list[str] = []

    def public_environ(self) -> dict[str, str]:
        """Return the environment as collectors and their programs may see it: without the agent's own tokens."""
        return {
            name: value
            for name, value in self.environ.items()
            if name not in _SECRETS and not name.startswith("PARITY_ID_TOKEN")
        }

    def agent(self, name: str, default: Any = None) -> Any:
        """Return a member of the table `[agent]`."""
        return self.settings.get("agent", {}).get(name, default)

    def url(self) -> str:
        """Return the server's address without a trailing slash; raise ConfigError where there is none.

        Only the environment names it: a file in a checkout could send the token to whoever wrote the file.
        """
        value = self.environ.get("PARITY_URL", "")
        if not value:
            hint = "export PARITY_URL=https://parity.example"
            raise ConfigError("PARITY_URL", "no server to talk to", hint)
        return checked_url(value)

    def project(self) -> str:
        """Return the slug of the project; raise ConfigError where none is named."""
        value = self.environ.get("PARITY_PROJECT") or self.settings.get("project", {}).get("name", "")
        if not value:
            raise ConfigError(
                POLICY_FILE, "no project is named", '`parity init` writes one, or add [project] name = "shop"'
            )
        return str(value)

    def token(self) -> str:
        """Return the token of `PARITY_TOKEN` or the file `PARITY_TOKEN_FILE`; its form is the server's to judge."""
        where, value = self._secret("PARITY_TOKEN", "")
        if not value:
            hint = "export PARITY_TOKEN, or name a file of mode 0600 in PARITY_TOKEN_FILE"
            raise ConfigError(where, "no token to report with", hint)
        return value

    def enroll_token(self) -> str:
        """Return the token to enroll with, of `PARITY_ENROLL_TOKEN`, a file, or a credential of systemd; or nothing."""
        handed_over = os.path.join(self.environ.get("CREDENTIALS_DIRECTORY", ""), _CREDENTIAL)
        credential = handed_over if os.path.isabs(handed_over) and os.path.isfile(handed_over) else ""
        return self._secret("PARITY_ENROLL_TOKEN", credential)[1]

    def _secret(self, name: str, fallback: str) -> tuple[str, str]:
        """Return where a token stands, and the token: empty where there is none."""
        where, value = name, self.environ.get(name, "")
        path = self.environ.get(f"{name}_FILE", "") or fallback
        if path and not value:
            where = f"{name}_FILE"
            value = self.read_secret(f"{where} ({path})", path)
        value = value.strip()
        if value and (not (value.isascii() and value.isprintable()) or " " in value):
            raise ConfigError(where, "a token has no spaces and no special characters", "copy it again from the server")
        return where, value

    def read_secret(self, where: str, path: str) -> str:
        """Return a file that holds a secret; raise ConfigError where others may write to it."""
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                value = stream.read(limits.REPORT_BYTES)
        except OSError as error:
            raise ConfigError(where, f"cannot be read: {error.strerror}") from None
        if mode & _WRITABLE_BY_OTHERS:
            raise ConfigError(where, "others may write to this file", f"chmod 600 {path}")
        if mode & _READABLE_BY_OTHERS:
            warning = f"{where}: others may read this file; chmod 600 {path}"
            self.warnings += [] if warning in self.warnings else [warning]
        return value


def has_token(environ: Mapping[str, str]) -> bool:
    """Whether a token is set: it goes before any other way to show who this is."""
    return bool(environ.get("PARITY_TOKEN") or environ.get("PARITY_TOKEN_FILE"))


def checked_url(value: str) -> str:
    """Return an http(s) URL without a trailing slash; raise ConfigError for what cannot be a server's address."""
    url = value.strip().rstrip("/")
    scheme, colon, rest = url.partition("://")
    authority = rest.partition("/")[0]
    hint = "a server's address looks like https://parity.example"
    if not colon or scheme not in {"http", "https"} or not authority:
        raise ConfigError("PARITY_URL", "not an http or https URL", hint)
    if "@" in authority:
        raise ConfigError("PARITY_URL", "holds a user or password", "the token goes into PARITY_TOKEN")
    if len(url) > limits.URL_BYTES or not (url.isascii() and url.isprintable()) or any(char in url for char in " ?#"):
        raise ConfigError("PARITY_URL", "has a query, a fragment or characters that no URL has", hint)
    port = authority.rpartition("]")[2].rpartition(":")[2] if ":" in authority.rpartition("]")[2] else "1"
    if not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise ConfigError("PARITY_URL", "has a port that is no number from 1 to 65535", hint)
    return url


def state_home(environ: Mapping[str, str]) -> str:
    """Return the directory that keeps what the agent remembers: `$XDG_STATE_HOME/paritycheck`, for root in /var/lib."""
    if environ.get("PARITY_STATE_DIR"):
        return os.path.abspath(environ["PARITY_STATE_DIR"])
    if environ.get("XDG_STATE_HOME"):
        return os.path.join(environ["XDG_STATE_HOME"], "paritycheck")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return "/var/lib/paritycheck"
    return os.path.join(os.path.expanduser("~"), ".local", "state", "paritycheck")


def load(
    root: str, environ: Mapping[str, str], *, ca_file: str = "", kubernetes: str = "", sboms: Iterable[str] = ()
) -> Config:
    """Return the configuration of a checkout; raise ConfigError with line and column of a mistake."""
    if not os.path.isdir(root):
        raise ConfigError(root, "no such directory")
    path, text = policy_text(root)
    settings = _settings(path, text, state_home(environ)) if text else {}
    policy = text.encode() if text.strip() else None
    if policy and len(policy) > limits.POLICY_BYTES:
        raise ConfigError(path, f"more than {limits.POLICY_BYTES // 1024} KiB")
    ca_file = ca_file or environ.get("PARITY_CA_FILE", "")
    if ca_file and not os.path.isfile(ca_file):
        raise ConfigError(ca_file, "no such file of certificates")
    config = Config(root=os.path.abspath(root), environ=environ, settings=settings, policy=policy, ca_file=ca_file)
    config.kubernetes = _cluster(kubernetes or environ.get("PARITY_KUBERNETES", ""))
    config.sboms = [_sbom(path) for path in sboms]
    return config


def _sbom(path: str) -> str:
    """Return the full path of a bill of materials; raise ConfigError where it cannot be opened."""
    try:
        with open(path, "rb", opener=regular):
            return os.path.abspath(path)
    except OSError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}", "--sbom names a file") from None


def _cluster(named: str) -> str:
    """Return where a cluster is told of: `api`, `-`, or a file's whole path; empty where none is meant."""
    if named in {"", "api", "-"}:
        return named
    if not os.path.isfile(named):
        raise ConfigError(named, "no such file", "kubectl get deploy,sts,ds,cronjob,po,cm -o json > FILE writes one")
    return os.path.abspath(named)


def policy_text(root: str) -> tuple[str, str]:
    """Return the file that configures the checkout and its text: parity.toml wins over pyproject.toml."""
    text = _read(os.path.join(root, POLICY_FILE))
    if text is not None:
        return POLICY_FILE, text
    text = _read(os.path.join(root, PYPROJECT_FILE)) or ""
    if "[tool.parity" not in text:
        return PYPROJECT_FILE, ""
    from paritycheck_agent import toml

    try:
        toml.load(text)
        return PYPROJECT_FILE, toml.extract(text, _PREFIX)
    except toml.TomlError as error:
        raise _mistake(PYPROJECT_FILE, error) from None


def _read(path: str) -> str | None:
    try:
        with open(path, "rb", opener=regular) as stream:
            data = stream.read(_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}") from None
    if len(data) > _FILE_BYTES:
        raise ConfigError(path, f"more than {_FILE_BYTES // 1024} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}", "not UTF-8") from None


def _settings(path: str, text: str, state: str) -> dict[str, Any]:
    """Return the document of text, from the state directory where it was read before: importing tomllib costs 14 ms."""
    import json

    key = digest(text.encode())
    cache = os.path.join(state, "settings.json")
    try:
        with open(cache, encoding="utf-8") as stream:
            kept = json.load(stream)
        if kept["digest"] == key:
            return dict(kept["settings"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    settings = _parse(path, text)
    _keep(cache, json.dumps({"digest": key, "settings": settings}))
    return settings


def _keep(path: str, text: str) -> None:
    """Write a cache; a state directory that may not be written to costs time only."""
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(stream.name, path)
    except OSError:
        return


def _parse(path: str, text: str) -> dict[str, Any]:
    from paritycheck_agent import own_tables, toml

    try:
        settings = toml.load(text)
    except toml.TomlError as error:
        raise _mistake(path, error) from None
    for key, what in own_tables.mistakes(settings):
        line, column = toml.positions(text).get(key, (1, 1))
        raise ConfigError(f"{path}:{line}:{column}", f"{'.'.join(key)} {what}")
    return settings


def _mistake(path: str, error: Any) -> ConfigError:
    place = f"{path}:{error.line}:{error.column}" if error.line else path
    return ConfigError(place, error.detail)
