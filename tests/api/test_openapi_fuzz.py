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
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.api.fuzzing.counts import report
from tests.api.fuzzing.stock import ASIDE, Stock, take_stock
from tests.web.conftest import Shop, drifting, make_shop
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


# By the addresses of what has one.
ADDRESSED = ("drifts", "waivers", "channels", "subscriptions", "deliveries", "members", "trusts", "tokens")
QUERIES = {
    "left": ["staging", "production", "ci~1"], "right": ["production", "production@{2.weeks.ago}"],
    "pair": ["staging..production", "ci..production"], "environment": ["staging", "ci"], "against": ["production"],
}  # fmt: skip
MOST = (
    "handing_out.MOST", "handing_out.MOST_OWN", "channels.MOST_CHANNELS", "channels.MOST_TESTS", "channels.MOST_ASKED",
    "subscriptions.MOST", "trusts.MOST", "waivers.MOST_WAIVERS",
)  # fmt: skip


@pytest.fixture
def stock(told: tuple[str, dict[str, list[Any]]], monkeypatch: pytest.MonkeyPatch) -> Stock:
    """The same with all that calls need to succeed; how many of a kind there may be is left open."""
    from paritycheck.models import Project, User

    for name in MOST:
        monkeypatch.setattr(f"paritycheck.services.{name}", 100_000)
    key = rsa.generate_private_key(65537, 2048)
    monkeypatch.setattr("paritycheck.services.oidc.key_of", lambda _issuer, _kid: key.public_key())
    project = Project.objects.get(slug="shop")
    shop = Shop(project, _agents(project), _gate(project), User.objects.get(email="maria@example.com"))
    return take_stock(shop, told[1], key)


def _agents(project: Any) -> dict[str, str]:
    from paritycheck.services.tokens import issue_token

    rows = project.environments.all()
    return {row.slug: issue_token(kind="a", project=project, environment=row)[1] for row in rows}


def _gate(project: Any) -> str:
    from paritycheck.services.tokens import issue_token

    return issue_token(kind="g", project=project)[1]


def configuration(stock: Stock) -> str:
    """What schemathesis reads: values that exist, most of the time, and the token of each call."""
    words = {name: values for name, values in stock.words.items() if values}
    words |= {f"query-{name}": values for name, values in QUERIES.items()}
    lines = [f"hooks = {json.dumps(str(Path(__file__).parent / 'fuzzing' / 'hooks.py'))}"]
    for name, values in words.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines += ["[headers]", f'Authorization = "Bearer {stock.tokens[""]}"', "[parameters]"]
    lines += [_pick("path", name, name) for name in ("project", "environment", "place", "name")]
    lines += [_pick("query", name, f"query-{name}") for name in QUERIES]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(NEGATIVE)}"]
    lines += ["[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(POSITIVE)}"]
    for name in ADDRESSED:
        lines += ["[[operations]]", f'include-path-regex = "/{name}/"', "[operations.parameters]"]
        lines.append(_pick("path", "ident", name))
    lines += ["[[operations]]", 'include-path-regex = "/badges/"', "[operations.parameters]"]
    lines.append(_pick("path", "secret", "secret"))
    lines += ["[[operations]]", f"include-operation-id = {json.dumps(ASIDE)}", "[operations.parameters]"]
    lines.append(_pick("path", "project", "aside"))
    for name, token in stock.tokens.items():
        if name:
            lines += ["[[operations]]", f'include-operation-id = "{name}"', "[operations.headers]"]
            lines.append(f'Authorization = "Bearer {token}"')
    return "\n".join(lines) + "\n"


def _pick(location: str, name: str, dictionary: str) -> str:
    return f'"{location}.{name}" = {{ dictionary = "{dictionary}", probability = 0.85 }}'


def test_no_answer_fails_or_is_undocumented(stock: Stock, live_server: Any, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_URL = live_server.url
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "id_token_refused": None}
    (tmp_path / "schemathesis.toml").write_text(configuration(stock))
    (tmp_path / "stock.json").write_text(
        json.dumps({**stock.settings, "url": live_server.url, "audience": live_server.url})
    )
    (tmp_path / "openapi.json").write_text(json.dumps(whole_answers(f"{live_server.url}/api/v1/schema")))
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", "openapi.json", "--url", live_server.url,
        "--checks", "all", "--suppress-health-check", "all", "--no-color",
        *shlex.split(os.environ.get("API_FUZZ") or SHORT),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output="API_FUZZ" not in os.environ, text=True, check=False)
    told = report(tmp_path / "calls.tsv", done.returncode)
    sys.stdout.write(f"\n{told}\n")
    assert done.returncode == 0, (done.stdout or "")[-20_000:]
