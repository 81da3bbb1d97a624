"""Real reports as facts: the golden bodies of the contract, and the packages that the agent reads of locks of uv and
npm (tests/agent/fixtures). EXTRA adds, in the same form, kinds of facts that the golden report has too few of.
"""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from paritycheck.codec.facts import fact_from
from paritycheck.core.expectations import inside, judge
from paritycheck.core.facts import Section, Side
from paritycheck.core.lifecycle import Known, advance, apply, drift_identity
from paritycheck.core.policy import default_policy
from paritycheck_agent.locks import npm, uv

if TYPE_CHECKING:
    from paritycheck.core.findings import Finding, Judgement

    Rows = dict[str, dict[str, dict[str, Any]]]
    Said = tuple[str, str, str, str, str]

TODAY: Final = date(2026, 11, 30)
TESTS: Final = Path(__file__).parents[1]
COVERS: Final = {"services": ("",), "processes": ("",), "dependencies": ("pkg:npm/", "pkg:pypi/")}
SECTIONS: Final = ("config", "dependencies", "migrations", "processes", "release", "runtime", "services")
CHAIN: Final = ["0012_a", "0013_b", "0014_c", "0015_d"]
EXTRA: Final[dict[str, list[dict[str, Any]]]] = {
    "services": [
        {"name": "queue", "kind": "redis", "value": "7.2.5", "via": "auth", "keys": ["QUEUE_URL"]},
        {"name": "queue.setting.maxmemory-policy", "value": "noeviction"},
        {"name": "index", "kind": "elasticsearch", "value": "8.12.2", "via": "handshake", "keys": ["INDEX_URL"]},
    ],
    "config": [
        {"name": name, "shape": "text", "length": "8-15"} for name in ("EMAIL_FROM", "BUCKET", "REGION", "PATH")
    ],
    "runtime": [
        {"name": "node", "value": "24.3.1"},
        {"name": "timezone", "value": "UTC"},
        {"name": "locale", "value": "C.UTF-8"},
        {"name": "tool.make", "value": "4.3"},
        {"name": "php", "value": "8.4.18"},
        {"name": "dotnet", "value": "10.0.3"},
    ],
    "processes": [
        {"name": "worker", "kind": "celery", "value": "5.4.0"},
        {"name": "web.stop-signal", "value": "SIGTERM"},
    ],
    "migrations": [{"name": "django/shop", "value": "0013_b", "code": "0013_b", "chain": CHAIN[:2]}],
}


def real() -> Rows:
    """Section, name, and the line that the wire carries."""
    rows: Rows = {section: {} for section in SECTIONS}
    for path in sorted((TESTS / "contract" / "golden").glob("*.facts.ndjson")):
        head, *lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        rows[head["section"]] |= {line["name"]: line for line in lines}
    locked = [
        *uv.read((TESTS / "agent/fixtures/uv/shop/uv.lock").read_bytes(), "uv.lock", lambda _path: None).facts(),
        *npm.read((TESTS / "agent/fixtures/npm/v3/package-lock.json").read_bytes(), "p", lambda _path: None).facts(),
    ]
    rows["dependencies"] |= {line["name"]: line for line in locked if line["name"] not in rows["dependencies"]}
    for section, lines in EXTRA.items():
        rows[section] |= {line["name"]: line for line in lines}
    return rows


REAL: Final = real()


def made(rows: Rows, slug: str) -> Side:
    return Side(
        slug,
        slug,
        "persistent",
        {
            name: Section(name, {line["name"]: fact_from(line) for line in lines.values()}, COVERS.get(name, ()))
            for name, lines in rows.items()
        },
    )


def production() -> Side:
    """The same deploy, but for the secret, which two tiers do not share, for what it attaches, and for two languages of
    which nothing is reported here: what staging runs of them is staging's own matter.
    """
    rows = copy.deepcopy(REAL)
    del rows["runtime"]["php"], rows["runtime"]["dotnet"]
    rows["config"]["SECRET_KEY"]["fps"] = ["pc1:9f2c1a7b:qqqqqqqqqqqqqqqqqqqqqqqqqq"]
    rows["services"]["database"]["fps"] = ["pc1:9f2c1a7b:wwwwwwwwwwwwwwwwwwwwwwwwww"]
    return made(rows, "production")


PRODUCTION: Final = production()


def judged(rows: Rows) -> list[tuple[str, Judgement]]:
    staging = made(rows, "staging")
    policy = default_policy()
    return [("pair", judge(staging, PRODUCTION, policy)), ("inside", inside(staging, policy, today=TODAY))]


def moved(known: dict[str, dict[str, Known]], rows: Rows) -> tuple[dict[str, dict[str, Known]], list[tuple[str, Said]]]:
    """What is known after a report, and the steps that it made."""
    after, steps = {}, []
    for place, judgement in judged(rows):

        def identity(finding: Finding, place: str = place) -> str:
            return drift_identity("p", place, "v", *finding.key)

        made_steps = advance(known.get(place, {}), judgement, identity, initial=False)
        after[place] = apply(known.get(place, {}), made_steps)
        for step in made_steps:
            severity = after[place][step.identity].severity
            steps.append((step.kind.value, (place, step.section, step.name, step.rule, severity)))
    return after, steps


KNOWN: Final = moved({}, REAL)[0]
"""The golden report has findings of its own, and they stay as they are: their facts are not touched."""
TOUCHED: Final = {(one.section, one.name) for known in KNOWN.values() for one in known.values()}
