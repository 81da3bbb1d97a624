"""Schemathesis over the served OpenAPI document, with all its checks: no failure, nothing that is not documented.

`make api-fuzz` runs the same for long; `ARGS` are options of `schemathesis run`, such as `--max-examples 200`.
"""

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import drifting, make_shop
from tests.web.lived import deployer, row_of_commits, send

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(0 if "API_FUZZ" in os.environ else 180),
]
# Few, and the same at every run: what the long run finds is what the short one keeps.
SHORT = "--generation-deterministic --phases examples,fuzzing --max-examples 1"
# 411, 413 and 415 are answers to a body that is not looked into.
NEGATIVE = ["400", "401", "403", "404", "405", "406", "411", "413", "414", "415", "422", "428"]
# What a schema cannot say, such as which cursors were given out, is refused with 400, 409 or 422, and said to be.
POSITIVE = ["2xx", "400", "401", "403", "404", "409", "412", "422", "424", "414", "429", "503"]


@pytest.fixture
def told(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, list[Any]]]:
    """A project with a life: the token of its owner, and what its addresses may hold."""
    from paritycheck.models import Waiver
    from paritycheck.services.tokens import issue_token

    del db
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr("paritycheck.core.end_of_life.endings", lambda _side, _today: iter(()))
    shop = drifting(make_shop())
    made = row_of_commits(6, days=20)
    send(shop, made)
    for environment, at in (("staging", 2), ("production", 0), ("staging", 5), ("production", 3)):
        deployer(shop)(environment, made[at].sha, made[at].at)
    shop.gate({"services": []})
    waiver = Waiver.objects.create(
        project=shop.project, match="config/*", reason="accepted", owner="ann", until_change=True,
        made_by="ann@example.com", made_at=shop.project.created_at,
    )  # fmt: skip
    words: dict[str, list[Any]] = {
        "project": ["shop"],
        "environment": ["production", "staging", "ci"],
        "drifts": [drift.id for drift in shop.project.drifts.order_by("id")[:3]],
        **{kind: [str(row.pk)] for kind, row in _alerting(shop).items()},
        "waivers": [str(waiver.pk)],
        "place": ["1", "latest", "~1", "@{2.weeks.ago}"],
    }
    return issue_token(kind="u", user=shop.owner)[1], words


def _alerting(shop: Any) -> dict[str, Any]:
    """A channel that is off, a rule that sends there, and a delivery: nothing leaves this machine."""
    from paritycheck.models import Delivery
    from paritycheck.services.channels import add_channel, switch_off

    now, project = shop.project.created_at, shop.project
    settings = {"url": "https://hooks.example.com/x"}
    channel = add_channel(project=project, kind="webhook", name="ops", settings=settings, by=shop.owner, now=now)
    switch_off(channel=channel, reason="by a test", now=now)
    said = {"project": project, "made_by": shop.owner.email, "made_at": now}
    rule = channel.subscriptions.create(when="at-once", **said)
    delivery = Delivery.objects.create(
        project=project, kind="alert", recipient=shop.owner.email, subject="error: redis", content={}, dedupe="a",
        due_at=now,
    )  # fmt: skip
    return {"channels": channel, "subscriptions": rule, "deliveries": delivery}


def whole_answers(address: str) -> dict[str, Any]:
    """The served document without `fields`: OpenAPI cannot say that its answers lack what was not asked for.

    tests/api/test_reading.py asks for fields.
    """
    with urllib.request.urlopen(address, timeout=60) as reply:
        document: dict[str, Any] = json.load(reply)
    for methods in document["paths"].values():
        for operation in methods.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [each for each in parameters if each["name"] != "fields"]
    return document


# Bodies that schemathesis has no writer for.
HOOKS = """
import json
import schemathesis

@schemathesis.serializer("application/x-ndjson", "application/toml")
def lines(ctx, value):
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()
"""
ADDRESSED = ("drifts", "waivers", "channels", "subscriptions", "deliveries")


def configuration(words: dict[str, list[Any]]) -> str:
    """What schemathesis reads: values that exist, most of the time."""
    lines = ['hooks = "hooks.py"']
    for name, values in words.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    everywhere = [name for name in words if name not in ADDRESSED]
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in everywhere]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(NEGATIVE)}"]
    lines += ["[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(POSITIVE)}"]
    for name in ADDRESSED:
        lines += ["[[operations]]", f'include-path-regex = "/{name}/"', "[operations.parameters]"]
        lines.append(f'"path.ident" = {{ dictionary = "{name}", probability = 0.8 }}')
    return "\n".join(lines) + "\n"


def test_no_answer_fails_or_is_undocumented(
    told: tuple[str, dict[str, list[Any]]], live_server: Any, tmp_path: Path
) -> None:
    token, words = told
    (tmp_path / "schemathesis.toml").write_text(configuration(words))
    (tmp_path / "hooks.py").write_text(HOOKS)
    (tmp_path / "openapi.json").write_text(json.dumps(whole_answers(f"{live_server.url}/api/v1/schema")))
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", "openapi.json", "--url", live_server.url,
        "--checks", "all", "-H", f"Authorization: Bearer {token}", "--suppress-health-check", "all", "--no-color",
        *shlex.split(os.environ.get("API_FUZZ") or SHORT),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output="API_FUZZ" not in os.environ, text=True, check=False)
    assert done.returncode == 0, (done.stdout or "")[-20_000:]
