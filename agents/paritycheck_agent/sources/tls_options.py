"""How the options of a URL ask for TLS, where a service has words of its own, told in words of libpq."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.connection.target import Target

# Options of mysql, mysqlclient, PyMySQL, SQLAlchemy, JDBC and Go, and what their words mean.
MYSQL = ("ssl-mode", "ssl_mode", "sslmode", "tls", "usessl", "ssl")
MYSQL_AUTHORITIES = ("ssl_ca", "sslca")
MYSQL_MODES = {
    **dict.fromkeys(("disabled", "disable", "false", "0"), "disable"),
    **dict.fromkeys(("preferred", "prefer"), "prefer"),
    **dict.fromkeys(("required", "require", "trust", "skip-verify", "true", "1"), "require"),
    "verify-ca": "verify-ca",
    **dict.fromkeys(("verify-identity", "verify-full"), "verify-full"),
}
YES = ("true", "1")


def apply(target: Target, options: Mapping[str, str]) -> None:
    """Set `tls` and `ca_file` of a MySQL or ClickHouse; other kinds are left as they are."""
    if target.kind in ("mysql", "mariadb"):
        words = [options[name].lower().replace("_", "-") for name in MYSQL if name in options]
        target.tls = next((MYSQL_MODES[word] for word in words if word in MYSQL_MODES), "")
        named = (options[name] for name in MYSQL_AUTHORITIES if options.get(name))
        target.ca_file = target.ca_file or next(named, None)
    elif target.kind == "clickhouse" and options.get("secure", "").lower() in YES:
        target.tls = "verify-full"
