"""What stands beside a key that holds a host and no URL: its port, how to get in, and whether TLS is spoken.

`KAFKA_BOOTSTRAP_SERVERS` with `KAFKA_SECURITY_PROTOCOL`, Django's `EMAIL_HOST` with `EMAIL_USE_TLS`, Laravel's
`MAIL_HOST` with `MAIL_ENCRYPTION`, and their like.
"""

from __future__ import annotations

from paritycheck_agent.sources.schemes import LISTS, TLS_OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.connection.target import Target

HOST_ENDS = ("_HOST", "HOST")
PORT_END = "PORT"
PORT_MAX = 65535
USER_ENDS = ("USER", "USERNAME", "HOST_USER")
PASSWORD_ENDS = ("PASSWORD", "PASS", "HOST_PASSWORD")
CA_ENDS = ("SSL_CAFILE", "SSL_CA_LOCATION", "TLS_CA_FILE", "CA_FILE", "CAFILE", "SSL_CA")
# Names whose value says yes, or how.
TLS_ENDS = ("SECURITY_PROTOCOL", "USE_TLS", "USE_SSL", "ENCRYPTION", "TLS", "SSL", "TLS_ENABLED", "SSL_ENABLED")
YES = frozenset({"1", "true", "yes", "on", "tls", "ssl", "sasl_ssl", "starttls"})
AT_ONCE = frozenset({"ssl", "sasl_ssl"})


def complete(target: Target, key: str, known: Mapping[str, str]) -> None:
    """Add to a target that has no URL what the configuration says beside it. What it has already stays."""
    stem = _stem(key) if not target.scheme and target.kind in TLS_OPTIONS else None
    if stem is None:
        return
    if ":" not in known.get(key, ""):
        target.port = _port(_beside(stem, known, (PORT_END,))) or target.port
    target.user = target.user or _beside(stem, known, USER_ENDS) or None
    target.password = target.password or _beside(stem, known, PASSWORD_ENDS) or None
    target.ca_file = target.ca_file or _beside(stem, known, CA_ENDS) or None
    for end in TLS_ENDS:
        value = _beside(stem, known, (end,)).lower()
        if value in YES:
            target.tls = "verify-full"
            at_once = value in AT_ONCE or end == "USE_SSL"
            target.scheme = ("smtp+ssl" if at_once else "smtp+tls") if target.kind == "smtp" else ""
            return


def _stem(key: str) -> str | None:
    """What the keys of one service begin with."""
    name = key.upper()
    for word, _, _ in LISTS:
        if name.endswith(word):
            return key[: len(key) - len(word) + len(word.partition("_")[0])]
    return next((key[: -len(end)] for end in HOST_ENDS if name.endswith(end) and len(name) > len(end)), None)


def _beside(stem: str, known: Mapping[str, str], ends: tuple[str, ...]) -> str:
    return next((known[f"{stem}_{end}"].strip() for end in ends if known.get(f"{stem}_{end}")), "")


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= PORT_MAX else 0  # noqa: PLR2004 -- 65535
