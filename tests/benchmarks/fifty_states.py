"""Projects of 5 and of 50 environments with 2,000 facts in each, for what measures pages. No benchmark by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.benchmarks.fifty import report

if TYPE_CHECKING:
    from paritycheck.models import User

PACKAGES, KEYS, SERVICES, TOOLS = 1_500, 420, 60, 20
"""2,000 facts."""
PROJECTS = {"five": (5, 5), "fifty": (50, 50), "shared": (50, 8)}
"""Environments, and how many states they share."""
EVERYWHERE, OWN = 10, 4
"""Packages that differ from the baseline in every other environment, and those that differ in one state alone."""

Facts = dict[str, list[dict[str, Any]]]


def facts_of(state: int) -> Facts:
    """What an environment of this state reports; state 0 is the baseline's."""
    moved = set(range(EVERYWHERE)) | {100 + state * OWN + step for step in range(OWN)} if state else set()
    packages = [
        {
            "name": f"pkg:pypi/lib-{at:04d}",
            "value": "9.0.0" if at in moved else f"1.{at % 40}.{at % 7}",
            "scope": "direct" if at < EVERYWHERE * 5 else "transitive",
            "sources": [f"uv.lock:{at * 9 + 4}"],
        }
        for at in range(PACKAGES)
    ]
    keys: list[dict[str, Any]] = [
        {"name": f"KEY_{at:03d}", "shape": "text", "length": "32-63", "sources": ["env"]} for at in range(KEYS)
    ]
    if state:
        keys[state] = {"name": f"KEY_{state:03d}", "absent": True, "sources": ["env"]}
    services = [
        {"name": f"service-{at:02d}", "kind": "postgresql", "value": f"16.{state if at == state else 1}", "via": "auth",
         "keys": [f"KEY_{at:03d}"], "sources": ["probe"]}
        for at in range(SERVICES)
    ]  # fmt: skip
    tools = [{"name": f"tool.t{at:02d}", "value": f"3.{at}.0", "sources": ["installed"]} for at in range(TOOLS)]
    return {"services": services, "runtime": tools, "dependencies": packages, "config": keys}


def fill() -> User:
    """Make the projects, report and evaluate; an owner of all of them."""
    from paritycheck.models import User

    owner = User.objects.create_user("maria@example.com", "a password of some length")
    for slug, (environments, states) in PROJECTS.items():
        _project(slug, environments, states, owner)
    return owner


def _project(slug: str, environments: int, states: int, owner: User) -> None:
    from paritycheck.models import Project
    from paritycheck.services.evaluate import evaluate_environment
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project

    names = ["production", *(f"deploy-{number:02}" for number in range(1, environments))]
    plans = [EnvironmentPlan(name, "production" if name == "production" else "staging") for name in names]
    bootstrap_project(slug=slug, environments=plans, admin_email="admin@localhost")
    project, now = Project.objects.get(slug=slug), datetime.now(UTC)
    project.memberships.create(user=owner, role="owner")
    for number, row in enumerate(project.environments.order_by("created_at")):
        token = row.tokens.select_related("project__baseline", "environment").get()
        state = number % states if number else 0
        sections = {
            name: {"status": "ok", "covers": ["pkg:pypi/"] if name == "dependencies" else [], "facts": facts}
            for name, facts in facts_of(state).items()
        }
        report(token, sections, now)
    for row in project.environments.all():
        evaluate_environment(environment_id=row.pk, now=now)
