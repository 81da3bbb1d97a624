"""The environment of the service's processes: the caller's own, with what is missing taken from the data directory."""

import os
from collections.abc import Mapping
from pathlib import Path

from paritycheck.local.locks import FileLock
from paritycheck.local.secrets import secrets_of

DATA = "PARITYCHECK_DATA"
DEFAULT_DATA = ".paritycheck"
REVOCATIONS = "revocations.jsonl"
SETTINGS = frozenset(
    {"DATABASE_URL", "BROKER_URL", "EMAIL_URL", "CACHE_URL", "SECRET_KEY", "PEPPER", "FIELD_KEY", "ALLOWED_HOSTS"}
    | {"PUBLIC_URL", "PORT", "WEB_CONCURRENCY", "LOG_LEVEL", "SITE_NAME", "MAIL_FROM", "STATEMENT_TIMEOUT_S", DATA}
    | {"WEBHOOK_ALLOW_CIDRS", "WEBHOOK_CA_FILE", "METRICS_TOKEN", "REVOCATIONS_FILE", "PG_BIN"}
)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  told apart here, never bound by default


def data_directory(given: str | None) -> Path:
    """`--data`, else PARITYCHECK_DATA, else `.paritycheck` here."""
    return Path(given or os.environ.get(DATA) or DEFAULT_DATA).expanduser().absolute()


def has(environment: Mapping[str, str], name: str) -> bool:
    """Whether a setting is given, itself or as a file."""
    return bool(environment.get(name)) or f"{name}_FILE" in environment


def with_data(environment: Mapping[str, str], directory: Path, database_url: str | None) -> dict[str, str]:
    """`environment` with secrets and revocation file of the data directory and the URL of its server, where they are
    not given.
    """
    added = secrets_of(directory) | {DATA: str(directory), "REVOCATIONS_FILE": str(directory / REVOCATIONS)}
    if database_url is not None:
        added["DATABASE_URL"] = database_url
    running = serving(directory)
    if running:
        added["PUBLIC_URL"] = running
    return dict(environment) | {name: value for name, value in added.items() if not has(environment, name)}


def with_address(environment: Mapping[str, str], address: str, port: int) -> dict[str, str]:
    """`environment` with what follows from where the web process listens, where it is not given."""
    hosts = LOOPBACK if address in {*LOOPBACK, *ANY_ADDRESS, "::1"} else (*LOOPBACK, bracketed(address))
    added = {"PUBLIC_URL": f"http://{reachable(address)}:{port}", "ALLOWED_HOSTS": ",".join(hosts)}
    missing = {name: value for name, value in added.items() if not has(environment, name)}
    return dict(environment) | missing | {"PORT": str(port), "PYTHONUNBUFFERED": "1"}


def up_lock(directory: Path) -> FileLock:
    """Held by the one `up` of a data directory; its note is the address that `up` serves at."""
    return FileLock(directory / "up.lock")


def serving(directory: Path) -> str:
    """The address of the `up` that runs on a data directory; empty when none does."""
    lock = up_lock(directory)
    return lock.note() if lock.taken() else ""


def reachable(address: str) -> str:
    """The host to ask for what listens on `address`, as it stands in a URL."""
    return "127.0.0.1" if address in ANY_ADDRESS else bracketed(address)


def bracketed(address: str) -> str:
    """An IPv6 address in brackets, any other as it is."""
    return f"[{address}]" if ":" in address and not address.startswith("[") else address


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without any setting of the service or the agent: what the demo starts from.

    Nobody's own database, broker or mail server takes part in a demo.
    """
    return {
        name: value
        for name, value in environment.items()
        if name.removesuffix("_FILE") not in SETTINGS and not name.startswith(("PARITY_", "DJANGO_"))
    }
