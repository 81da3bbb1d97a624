"""What a service of HTTP wants beside its address: user and password, a key, a certificate authority, TLS.

`CLICKHOUSE_URL` with `CLICKHOUSE_PASSWORD`, `ELASTICSEARCH_URL` with `ELASTICSEARCH_API_KEY`, `CONSUL_HTTP_ADDR` with
`CONSUL_HTTP_TOKEN`, `VAULT_ADDR` with `VAULT_CACERT`. Vault and etcd tell their version without: theirs is not taken.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.connection.target import Target

KINDS = frozenset({"elasticsearch", "opensearch", "clickhouse", "consul", "rabbitmq", "etcd", "vault", "openbao"})
OPEN = frozenset({"etcd", "vault", "openbao"})
WEB = ("http", "https")
ENDS = (
    *("_URL", "_URI", "_HOST", "_HOSTS", "_ADDR", "_ADDRESS", "_ENDPOINT", "_ENDPOINTS", "_NODE", "_NODES"),
    *("_HTTP", "_API", "_MANAGEMENT"),
)
USERS, PASSWORDS, TOKENS = ("USER", "USERNAME"), ("PASSWORD", "PASS"), ("API_KEY", "TOKEN")
ENCRYPTED, YES = ("SSL", "USE_SSL", "SECURE"), ("1", "true", "yes", "on")
AUTHORITIES = ("CACERT", "CA_CERT", "CA_CERTS", "CA_FILE", "SSL_CA")


def complete(target: Target, key: str, known: Mapping[str, str]) -> None:
    """Add what the configuration says beside the key. What the URL holds already stays."""
    if target.kind not in KINDS or (target.kind == "rabbitmq" and target.scheme not in WEB):
        return
    for stem in _stems(key):
        target.ca_file = target.ca_file or _beside(stem, known, AUTHORITIES)
        if (_beside(stem, known, ENCRYPTED) or "").lower() in YES:
            target.tls = target.tls or "verify-full"
        if target.kind in OPEN or target.password is not None or target.token is not None:
            continue
        target.password = _beside(stem, known, PASSWORDS)
        target.token = _beside(stem, known, TOKENS) if target.password is None else None
        if target.password is not None:
            target.user = target.user or _beside(stem, known, USERS)


def _stems(key: str) -> list[str]:
    """What the keys of one service begin with, the closest first: `CONSUL_HTTP` and `CONSUL` of `CONSUL_HTTP_ADDR`."""
    stems: list[str] = []
    while True:
        end = next((end for end in ENDS if key.upper().endswith(end) and len(key) > len(end)), None)
        if end is None:
            return stems
        key = key[: -len(end)]
        stems.append(key)


def _beside(stem: str, known: Mapping[str, str], ends: tuple[str, ...]) -> str | None:
    return next((known[f"{stem}_{end}"] for end in ends if known.get(f"{stem}_{end}")), None)
