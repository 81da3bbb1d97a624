"""The whole section, from `.env` over live servers to the bytes that are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent import redact
from paritycheck_agent.collectors import services
from paritycheck_agent.context import Context
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("postgresql")]
PASSWORD = "correct horse battery"


def test_live_services_are_told_with_versions_settings_and_extensions(
    postgres: Any, locked_redis: int, memcached: int, tmp_path: Path
) -> None:
    urls = {
        "DATABASE_URL": f"postgres://scram:{quote(PASSWORD)}@127.0.0.1:{postgres.port}/shop",
        "REPORTS_DATABASE_URL": f"postgres:///shop?host={postgres.directory}&port={postgres.port}&user=nobody_here",
        "CACHE_URL": f"redis://:{quote(PASSWORD)}@localhost:{locked_redis}/1",
        "SESSIONS_URL": f"redis://localhost:{locked_redis}/2",
        "OLD_CACHE_URL": f"memcached://localhost:{memcached}",
        "BROKER_URL": "amqp://u:p@127.0.0.1:1//",
    }
    (tmp_path / ".env").write_text("".join(f"{name}='{url}'\n" for name, url in urls.items()))
    (tmp_path / "compose.yaml").write_text("services: {db: {image: 'postgres:13'}, web: {build: .}}")
    collected = services.collect(Context(str(tmp_path), {}, {}, str(tmp_path / "state")))
    facts, warnings = redact.clean("services", collected.facts)
    found = {fact["name"]: fact for fact in facts}
    database = found["database"]
    assert (database["kind"], database["via"], database["declared"]) == ("postgresql", "auth", "13")
    assert database["sources"] == ["probe", ".env:1", "compose.yaml:1"]
    assert found["database.extension.vector"]["value"]
    assert found["database.setting.timezone"]["value"] == "Europe/Berlin"
    assert found["reports-database"]["unknown"] == "auth-required"
    assert (found["cache"]["via"], found["sessions"]["unknown"]) == ("auth", "auth-required")
    assert (found["old-cache"]["kind"], found["broker"]["unknown"]) == ("memcached", "connection-refused")
    assert "database.extension." in collected.covers
    assert "" in collected.covers
    body, evidence = split("services", collected.covers, facts, [*collected.warnings, *warnings])
    assert check_body(body).count == len(facts)
    assert check_body(evidence).evidence
    for secret in (PASSWORD, quote(PASSWORD), "127.0.0.1", "localhost", str(postgres.port), str(postgres.directory)):
        assert secret.encode() not in body + evidence


def test_the_same_checkout_says_the_same_twice(postgres: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL=postgres://trusting@127.0.0.1:{postgres.port}/shop\n")
    context = Context(str(tmp_path), {}, {}, str(tmp_path / "state"))
    first, second = services.collect(context), services.collect(context)
    assert (first.facts, first.covers) == (second.facts, second.covers)
