"""MySQL and MariaDB: the version stands in the first packet, before anybody logs in.

With the application's own credentials the server is asked itself, for a proxy may greet with a version of its own,
and then for settings. A log-in that fails costs the settings only.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.mysql import Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("mysql", "mariadb")
VERSION = re.compile(r"\d+(?:\.\d+)*")
VARIANTS = {"TiDB": "tidb", "Vitess": "vitess", "Percona": "percona"}
SETTINGS = (
    *("sql_mode", "character_set_server", "collation_server", "lower_case_table_names", "time_zone"),
    *("transaction_isolation", "max_allowed_packet", "innodb_strict_mode", "default_storage_engine"),
)
# The name of MariaDB before 11.1 and of MySQL 5.7.
OLD_NAMES = {"tx_isolation": "transaction_isolation"}
SIGNS = ("version", "version_comment", "aurora_version", "basedir", "system_time_zone")
READ = f"SHOW VARIABLES WHERE Variable_name IN ({', '.join(repr(name) for name in (*SETTINGS, *OLD_NAMES, *SIGNS))})"


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "mysql", "via": "scheme"}
    try:
        with Connection(target) as connection:
            _read(Session(connection, target), found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _read(session: Session, found: dict[str, Any]) -> None:
    try:
        session.greet()
    finally:
        found["via"] = "handshake" if session.answered else "scheme"
    _name(session.version, found)
    session.log_in()
    told = {row[0].lower(): row[1] for row in session.query(READ) or [] if len(row) > 1}
    if VERSION.match(told.get("version", "")):
        _name(told["version"], found)
        found["via"] = "auth"
    _name_variant(told, found)
    settings = {OLD_NAMES.get(name, name): told[name] for name in (*OLD_NAMES, *SETTINGS) if name in told}
    if settings.get("time_zone") == "SYSTEM" and told.get("system_time_zone"):
        settings["system_time_zone"] = told["system_time_zone"]
    found["settings"] = settings
    session.leave()


def _name(banner: str, found: dict[str, Any]) -> None:
    # Older MariaDB puts 5.5.5- before its version, for the sake of old replicas.
    text = banner.removeprefix("5.5.5-") if "MariaDB" in banner else banner
    match = VERSION.match(text)
    if match is None:
        raise Unanswered("bad-reply")
    found.update(kind="mariadb" if "MariaDB" in banner else "mysql", value=match[0], via="handshake")
    _name_by_words(banner, found)


def _name_by_words(text: str, found: dict[str, Any]) -> None:
    for word, variant in VARIANTS.items():
        if word in text:
            found["variant"] = variant


def _name_variant(told: Mapping[str, str], found: dict[str, Any]) -> None:
    _name_by_words(told.get("version_comment", ""), found)
    if told.get("basedir", "").startswith("/rdsdbbin"):
        found["variant"] = "rds"
    if "aurora_version" in told:
        found["variant"] = "aurora"
