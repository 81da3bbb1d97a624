"""Webhooks of deploys: a wrong signature is nobody's, a replay is harmless, and what is not known is passed over."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.installation import Reply, Site

HERE = Path(__file__).parent / "hooks"
PATH = "/api/v1/projects/{}/deploys/hooks/{}"
GITHUB, GITLAB, CDEVENT = (
    json.loads((HERE / f"{name}.json").read_text())
    for name in ("github_deployment_status", "gitlab_deployment", "cdevents_service_upgraded")
)


def secret(provider: str, project: str = "shop") -> str:
    out = StringIO()
    call_command("hook_secret", project=project, provider=provider, stdout=out)
    return out.getvalue().strip()


def github(
    site: Site, payload: Any, *, event: str = "deployment_status", key: str | None = None, project: str = "shop"
) -> Reply:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = hmac.new((key or secret("github")).encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={signed}"}
    return site.send("POST", PATH.format(project, "github"), body, who=None, headers=headers)


def gitlab(site: Site, payload: Any, *, key: str | None = None, event: str = "Deployment Hook") -> Reply:
    headers = {"X-Gitlab-Event": event, "X-Gitlab-Token": key or secret("gitlab")}
    return site.send("POST", PATH.format("shop", "gitlab"), json.dumps(payload).encode(), who=None, headers=headers)


def structured(site: Site, event: Any) -> Reply:
    """As the CloudEvents binding has it: the envelope is the body."""
    context = event["context"]
    envelope = {
        "specversion": "1.0", "id": context["id"], "source": context["source"], "type": context["type"],
        "time": context["timestamp"], "datacontenttype": "application/json", "data": event,
    }  # fmt: skip
    path, media = PATH.format("shop", "cdevents"), "application/cloudevents+json"
    return site.send("POST", path, json.dumps(envelope).encode(), who="gate", media=media)


def binary(site: Site, event: Any) -> Reply:
    """The envelope is the headers."""
    context = event["context"]
    headers = {
        "ce-specversion": "1.0",
        "ce-id": context["id"],
        "ce-source": context["source"],
        "ce-type": context["type"],
    }
    path = PATH.format("shop", "cdevents")
    return site.send("POST", path, json.dumps(event).encode(), who="gate", headers=headers)


def kept() -> list[Any]:
    from paritycheck.models import Deploy

    return list(Deploy.objects.select_related("environment").order_by("deployed_at"))


def changed(payload: dict[str, Any], *path: str, to: Any) -> dict[str, Any]:
    found = copy.deepcopy(payload)
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return found


def test_a_deployment_of_github_is_a_deploy_of_whoever_started_the_workflow(site: Site) -> None:
    from paritycheck.services.commits import person_key

    reply = github(site, GITHUB)
    assert (reply.status, reply.json()["created"], reply.json()["environment"]) == (202, True, "production")
    (row,) = kept()
    assert (row.commit, row.source, row.status) == (GITHUB["deployment"]["sha"], "github", "success")
    assert row.deployed_at.isoformat() == "2026-11-20T15:20:55+00:00"
    assert (row.external_id, row.url) == ("145988746", "https://github.com/acme/shop/actions/runs/7001/job/19")
    key = person_key("codertocat@users.noreply.github.com")
    assert row.actors == [{"role": "trigger", "key": key, "name": "Codertocat", "bot": False}]


def test_a_deployment_that_no_person_started_is_a_bots(site: Site) -> None:
    github(site, {name: value for name, value in GITHUB.items() if name != "workflow_run"})
    assert [(one["name"], one["bot"]) for one in kept()[0].actors] == [("github-actions[bot]", True)]


def test_a_deployment_of_gitlab_goes_by_tier_where_the_name_is_not_known(site: Site) -> None:
    from paritycheck.services.commits import person_key

    reply = gitlab(site, GITLAB)
    assert (reply.status, reply.json()["environment"]) == (202, "production")
    (row,) = kept()
    assert (row.commit, row.external_id) == ("279484c09fbe69ededfced8c1bb6e6d24616b468", "15")
    assert row.deployed_at.isoformat() == "2026-11-20T19:50:00+00:00"
    assert row.actors == [{"role": "trigger", "key": person_key("ann@acme.example"), "name": "Ann Smith", "bot": False}]
    assert "acme.example" not in json.dumps(row.actors)


@pytest.mark.parametrize("mode", [structured, binary])
def test_a_cdevent_is_a_deploy_of_the_commit_in_its_artifact(site: Site, mode: Callable[..., Reply]) -> None:
    reply = mode(site, CDEVENT)
    assert (reply.status, reply.json()["environment"]) == (202, "staging")
    (row,) = kept()
    assert (row.commit, row.source) == ("279484c09fbe69ededfced8c1bb6e6d24616b468", "cdevents")
    assert (row.artifact[:20], row.url) == ("pkg:oci/shop@sha256%", "https://tekton.acme.example/runs/9")
    assert (row.external_id, row.actors[0]["name"]) == ("/tekton/acme 271069a8-fc18-44f1-b38f-9d70a1695819", "ann")


@pytest.mark.parametrize("kind", ["deployed", "upgraded", "rolledback"])
def test_every_cdevent_that_brings_another_version_is_a_deploy(site: Site, kind: str) -> None:
    event = changed(CDEVENT, "context", "type", to=f"dev.cdevents.service.{kind}.0.3.0-draft")
    assert structured(site, event).json()["created"] is True


def test_an_image_alone_names_no_commit(site: Site) -> None:
    event = changed(CDEVENT, "subject", "content", "artifactId", to="pkg:oci/shop@sha256%3A" + "0b" * 32)
    structured(site, event)
    assert kept()[0].commit == ""


def test_a_replay_is_one_deploy(site: Site) -> None:
    for send, payload in ((github, GITHUB), (gitlab, GITLAB), (structured, CDEVENT), (binary, CDEVENT)):
        send(site, payload)
        before = [(row.pk, row.deployed_at, row.actors) for row in kept()]
        again = send(site, payload)
        assert (again.status, again.json()["created"]) == (202, False)
        assert [(row.pk, row.deployed_at, row.actors) for row in kept()] == before


def test_a_failed_attempt_and_then_a_success_of_one_deployment_is_one_success(site: Site) -> None:
    github(site, changed(GITHUB, "deployment_status", "state", to="failure"))
    assert [row.status for row in kept()] == ["failure"]
    github(site, GITHUB)
    github(site, changed(GITHUB, "deployment_status", "state", to="inactive"))
    assert [row.status for row in kept()] == ["success"]


def test_a_wrong_signature_is_401_and_a_missing_project_answers_the_same(site: Site) -> None:
    replies = [
        github(site, GITHUB, key="0" * 64),
        github(site, GITHUB, key=secret("gitlab")),
        github(site, GITHUB, key=secret("github", "other")),
        github(site, GITHUB, project="nothing"),
        gitlab(site, GITLAB, key="0" * 64),
        gitlab(site, GITLAB, key=secret("github")),
        gitlab(site, GITLAB, key="\xff"),
    ]
    assert {(reply.status, reply.code) for reply in replies} == {(401, "unauthenticated")}
    assert len({reply.json()["detail"] for reply in replies}) == 1
    assert kept() == []


def test_a_body_that_was_changed_on_the_way_is_401(site: Site) -> None:
    body = json.dumps(GITHUB).encode()
    signed = hmac.new(secret("github").encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "deployment_status", "X-Hub-Signature-256": f"sha256={signed}"}
    reply = site.send("POST", PATH.format("shop", "github"), body + b" ", who=None, headers=headers)
    assert reply.code == "unauthenticated"


@pytest.mark.parametrize(
    "send",
    [
        lambda site: github(site, {"zen": "Keep it logically awesome.", "hook_id": 1}, event="ping"),
        lambda site: github(site, changed(GITHUB, "deployment_status", "state", to="in_progress")),
        lambda site: github(site, changed(GITHUB, "deployment_status", "environment", to="preview-7")),
        lambda site: github(site, changed(GITHUB, "deployment", "sha", to="main")),
        lambda site: github(site, []),
        lambda site: gitlab(site, changed(GITLAB, "status", to="running")),
        lambda site: gitlab(site, GITLAB, event="Push Hook"),
        lambda site: gitlab(site, changed(GITLAB, "commit_url", to="https://x")),
        lambda site: structured(site, changed(CDEVENT, "context", "type", to="dev.cdevents.service.removed.0.2.0")),
        lambda site: structured(site, changed(CDEVENT, "subject", "content", "environment", "id", to="eu")),
        lambda site: structured(site, changed(CDEVENT, "subject", to="service")),
    ],
)  # fmt: skip
def test_what_makes_no_deploy_is_202_and_ignored(site: Site, send: Callable[[Site], Reply]) -> None:
    from paritycheck.models import Environment

    Environment.objects.filter(slug="production", project__slug="shop").update(tier="other")
    reply = send(site)
    assert (reply.status, list(reply.json())) == (202, ["ignored"])
    assert kept() == []


ODD_PLACES: list[tuple[Any, dict[str, Any], tuple[str, ...]]] = [
    (github, GITHUB, ("deployment", "id")), (github, GITHUB, ("deployment", "creator")),
    (github, GITHUB, ("workflow_run",)), (github, GITHUB, ("deployment_status", "log_url")),
    (gitlab, GITLAB, ("user",)), (gitlab, GITLAB, ("user", "email")), (gitlab, GITLAB, ("status_changed_at",)),
    (gitlab, GITLAB, ("deployable_url",)), (gitlab, GITLAB, ("project",)),
    (structured, CDEVENT, ("customData",)), (structured, CDEVENT, ("customData", "url")),
    (structured, CDEVENT, ("context", "timestamp")), (structured, CDEVENT, ("subject", "content", "artifactId")),
]  # fmt: skip


@pytest.mark.parametrize("odd", [[], 5, "\u0661" * 300, "https://user:pass@x/"])
def test_members_of_other_types_are_as_if_they_were_not_there(site: Site, odd: Any) -> None:
    for send, payload, path in ODD_PLACES:
        assert send(site, changed(payload, *path, to=odd)).status == 202, path
    assert kept()
    assert all("pass" not in row.url for row in kept())


def test_a_body_is_bounded(site: Site) -> None:
    assert github(site, b" " * (256 * 1024 + 1)).code == "body-too-large"
    assert structured(site, CDEVENT | {"customData": "x" * 256 * 1024}).code == "body-too-large"


def test_bytes_that_are_no_json_are_400_for_who_signed_them(site: Site) -> None:
    assert github(site, b"{").code == "bad-json"
    assert github(site, b"{", key="0" * 64).code == "unauthenticated"


def test_a_cloudevent_without_type_is_422(site: Site) -> None:
    reply = site.send("POST", PATH.format("shop", "cdevents"), line(CDEVENT), who="gate")
    assert (reply.status, reply.code) == (422, "invalid-event")


def test_each_project_and_provider_has_a_secret_of_its_own(site: Site) -> None:
    del site
    secrets = {secret(provider, project) for provider in ("github", "gitlab") for project in ("shop", "other")}
    assert len(secrets) == 4
    assert {len(one) for one in secrets} == {64}
    assert secret("github") == secret("github")
    out = StringIO()
    call_command("hook_secret", project="shop", stdout=out)
    assert secret("github") in out.getvalue()
    assert "/api/v1/projects/shop/deploys/hooks/gitlab" in out.getvalue()
    with pytest.raises(CommandError, match="no project"):
        call_command("hook_secret", project="nothing")
