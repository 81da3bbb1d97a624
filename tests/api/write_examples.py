"""`make api-examples`: writes `paritycheck/api/examples.json`, what an installation answers to each GET that has no
example of its own.

Not among the tests: `test_examples.py` holds what was written against the document. Identities, addresses and times are
replaced, a list of objects keeps its first, so that the same code writes the same file.
"""

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import paritycheck.api
from tests.api.test_access import MATRIX
from tests.api.test_examples import JSON, answers, document
from tests.api.test_openapi_fuzz import told
from tests.web.conftest import any_day

__all__ = ["any_day", "document", "told"]
pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True)
FILE = Path(paritycheck.api.__file__).with_name("examples.json")
THEN = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEW = 3
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
DAY = re.compile(r"\b20\d\d-\d\d-\d\d\b(?!T)")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
AGE = re.compile(r'(?<="age_s": )[0-9.]+')
LONG = re.compile(r"(?<=: )\d{4,}(?:\.\d+)?(?=[,\n}])")


def test_write(told: tuple[str, dict[str, list[Any]]], document: dict[str, Any]) -> None:
    token, words = told
    answered = {}
    lived(token)
    for name, _path, operation in answers(document):
        if "examples" not in operation["responses"]["200"]["content"][JSON]:
            answered[operation["operationId"]] = cut(get(address(name, words), token))
    text = json.dumps(answered, indent=1, ensure_ascii=False, sort_keys=True)
    FILE.write_text(settled(text) + "\n", encoding="utf-8")


def lived(token: str) -> None:
    """A policy, and every pair compared with what was deployed."""
    from django.test import Client

    from paritycheck.models import Environment
    from paritycheck.services.evaluate import evaluate_environment

    client = Client(headers={"authorization": f"Bearer {token}"})
    kept = client.put(
        "/api/v1/projects/shop/policy", {"text": '[time]\nmax-age.production = "12h"\n'}, "application/json"
    )
    assert kept.status_code == 200, kept.content
    for row in Environment.objects.filter(project__slug="shop").order_by("slug"):
        evaluate_environment(environment_id=row.pk, now=datetime.now(UTC))


def address(name: str, words: dict[str, list[Any]]) -> str:
    """Of the access matrix, with what is there."""
    from paritycheck.models import Drift

    drift = Drift.objects.get(name="pkg:pypi/stripe", state="open").pk
    ids = {"drift": drift, "delivery": words["deliveries"][0], "subscription": words["subscriptions"][0]}
    ids["waiver"] = words["channels" if name == "channel" else "waivers"][0]
    path = MATRIX[name, "GET"].path.format(project="shop", member="", token="", **ids)
    path = path.replace("left=production", "left=staging").replace("environment=production", "environment=staging")
    return f"{path}?name=pkg:pypi/stripe" if name == "drifts" else path


def get(path: str, token: str) -> Any:
    from django.test import Client

    reply = Client(headers={"authorization": f"Bearer {token}"}).get(path)
    assert reply.status_code == 200, (path, reply.content)
    return reply.json()


def cut(said: Any) -> Any:
    """The first of objects, a few of everything else."""
    if isinstance(said, dict):
        return {name: cut(value) for name, value in said.items()}
    if isinstance(said, list):
        return [cut(each) for each in said[: 1 if isinstance(next(iter(said), None), dict) else FEW]]
    return said


def settled(text: str) -> str:
    """The same for the same answers, whenever and wherever they were made."""
    from paritycheck.models import Token

    now = datetime.now(UTC)
    for number, row in enumerate(Token.objects.order_by("created_at")):
        text = text.replace(row.pk, f"Cd4kTq0Zp2L{number}")
    text = TIME.sub(lambda found: at_hour(now, found[0]), text)
    text = DAY.sub(lambda found: str(THEN.date() - (now.date() - date.fromisoformat(found[0]))), text)
    text = AGE.sub("312", text)
    text = LONG.sub(lambda found: str(round(float(found[0]) / 3600) * 3600), text)
    for number, old in enumerate(dict.fromkeys(UUID.findall(text))):
        text = text.replace(old, f"0193f1c2-7f3a-7d15-8f0a-{number:012x}")
    for number, old in enumerate(dict.fromkeys(SHA256.findall(text))):
        new = hashlib.sha256(str(number).encode()).hexdigest()
        text = text.replace(old, new).replace(old[:10], new[:10])
    return text.replace("http://127.0.0.1:8000", "https://parity.example")


def at_hour(now: datetime, said: str) -> str:
    """As long before THEN as it was before now, to the hour."""
    hours = round((now - datetime.fromisoformat(said)) / HOUR)
    return (THEN - hours * HOUR).isoformat().replace("+00:00", "Z")
