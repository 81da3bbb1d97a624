"""From sign-in to the first report: a project in one form, its commands, and what is said while nothing comes."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from django.test import Client

from paritycheck.web.places import places
from paritycheck_agent.cli.arguments import parse
from tests.web.test_access import session
from tests.web.test_settings import SECRET, P, bearer

if TYPE_CHECKING:
    from paritycheck.models import User

CALL = re.compile(r"python3 \S*parity\.pyz\"? ([a-z].*)$", re.MULTILINE)
pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
FORM = {
    "name": "Wéb Shop!",
    "environment-0": "", "tier-0": "development", "kind-0": "cohort",
    "environment-1": "CI", "tier-1": "testing", "kind-1": "persistent",
    "environment-2": "production", "tier-2": "production", "kind-2": "persistent",
}  # fmt: skip


@pytest.fixture
def root(shop: Any) -> User:
    from paritycheck.models import User

    del shop
    return User.objects.create_superuser("root@example.com", "a password of some length")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\N{NO-BREAK SPACE}", " ")


def side_of(client: Client, query: str = "environment=staging") -> str:
    return client.get(f"/p/shop/start/waiting?{query}").content.decode()


def older(shop: Any, slug: str, seconds: int) -> None:
    """The environment's tokens were made so long ago."""
    from django.utils import timezone

    shop.project.tokens.filter(environment__slug=slug).update(created_at=timezone.now() - timedelta(seconds=seconds))


def test_one_form_makes_a_project_with_its_environments_and_leads_to_their_commands(root: User) -> None:
    from paritycheck.models import Project

    client = session(root)
    assert client.get("/new?name=Wéb Shop!").content.decode().count("<code>/p/web-shop</code>") == 1
    assert client.post("/new", FORM).headers["Location"] == "/p/web-shop/start"
    project = Project.objects.get(slug="web-shop")
    assert project.baseline is not None
    assert project.baseline.slug == "production"
    assert set(project.environments.values_list("slug", "tier", "kind")) == {
        ("ci", "testing", "persistent"), ("production", "production", "persistent"),
    }  # fmt: skip
    assert project.memberships.get().role == "owner"
    page = client.get("/p/web-shop/start").content.decode()
    assert "Connect the first environment of web-shop" in page
    assert "ci has no token yet" in page
    again = client.post("/new", FORM)
    assert (again.status_code, "there is a project of that name" in again.content.decode()) == (409, True)
    for change, said in (
        ({"name": "店"}, "needs a letter"),
        ({"name": "x", "environment-0": "Production"}, "two environments are named production"),
        ({"name": "x", "environment-1": "", "environment-2": ""}, "one environment at least"),
    ):
        answer = client.post("/new", {**FORM, **change})
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not Project.objects.filter(slug="x").exists()


def test_without_production_the_last_in_order_of_promotion_is_compared_with(root: User) -> None:
    from paritycheck.models import Project

    session(root).post("/new", {**FORM, "environment-2": "qa", "tier-2": "development"})
    found = Project.objects.get(slug="web-shop").baseline
    assert found is not None
    assert found.slug == "ci"


def test_who_has_no_project_is_told_what_to_do(shop: Any, root: User) -> None:
    from paritycheck.models import Project, User

    Project.objects.all().delete()
    assert 'href="/new"' in session(root).get("/").content.decode()
    stranger = User.objects.create_user("stranger@example.com")
    page = session(stranger).get("/").content.decode()
    assert 'href="/new"' not in page
    assert "lets stranger@example.com in" in page
    assert shop.owner.email not in page


def test_the_server_hands_out_its_own_agent_and_asks_for_nothing() -> None:
    from paritycheck.web.agentfile import archive

    client = Client()
    answer = client.get("/agent/parity.pyz")
    assert answer.content == archive()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert set(answer.headers["Cache-Control"].split(", ")) == {"public", "no-cache"}
    assert "Set-Cookie" not in answer.headers
    names = zipfile.ZipFile(BytesIO(answer.content)).namelist()
    assert {"__main__.py", "tomli/__init__.py", "paritycheck_agent/cli/report.py"} <= set(names)
    again = client.get("/agent/parity.pyz", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    checksum = client.get("/agent/parity.pyz.sha256").content.decode()
    assert checksum == f"{hashlib.sha256(answer.content).hexdigest()}  parity.pyz\n"
    assert (
        b"ExecStart=/usr/bin/python3 -I /usr/local/bin/parity.pyz watch" in client.get("/agent/parity.service").content
    )
    assert client.get("/agent/secrets.env").status_code == 404


def test_a_token_is_made_on_demand_for_one_environment_and_an_unused_one_does_not_pile_up(shop: Any) -> None:
    client = session(shop.owner)
    before = client.get("/p/shop/start?environment=staging").content.decode()
    assert SECRET.findall(before) == []
    made = client.post("/p/shop/start/token", {"environment": "staging", "where": "docker"})
    text = SECRET.findall(made.content.decode())[0]
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert set(SECRET.findall(made.content.decode())) == {text}
    assert re.search(r'value="docker"[^>]* checked', made.content.decode())
    assert SECRET.findall(client.get("/p/shop/start?environment=staging").content.decode()) == []
    token = shop.project.tokens.get(pk=text[4:16])
    assert (token.kind, token.environment.slug, token.made_by) == ("a", "staging", shop.owner.email)
    client.post("/p/shop/start/token", {"environment": "staging"})
    token.refresh_from_db()
    assert token.revoked_at is not None
    # Those that agents hold stay: this one was not made here.
    assert (
        bearer(shop.tokens["staging"]).post("/api/v1/reports", {}, content_type="application/json").status_code != 401
    )


def test_a_viewer_sees_the_commands_and_makes_no_token(shop: Any) -> None:
    shop.project.memberships.update(role="viewer")
    client = session(shop.owner)
    page = text_of(client.get("/p/shop/start").content.decode())
    assert "A maintainer of shop makes it." in page
    assert "export PARITY_TOKEN= &lt;token&gt;" in page
    assert client.post("/p/shop/start/token", {"environment": "staging"}).status_code == 403


def test_the_wait_says_how_far_it_has_come_and_draws_only_what_is_new(shop: Any) -> None:
    client = session(shop.owner)
    older(shop, "staging", 0)
    side = side_of(client)
    assert "Waiting for the first report" in side
    assert "Nothing arrives?" in side
    version = re.findall(r"v=([0-9a-f]{16})", side)[0]
    assert client.get(f"/p/shop/start/waiting?environment=staging&v={version}").status_code == 204
    shop.report("staging", {**shop.facts(), "services": "no-permission"})
    side = side_of(client, f"environment=staging&v={version}")
    told = text_of(side)
    assert "Staging reports" in told
    assert "Agent signed in from web-1" in told
    assert "First report, 4 of 7 sections read" in told
    assert "services unknown: no permission" in told
    assert "Snapshot staging#1" in told
    assert "Connect production" in told
    assert "doctor" not in side
    shop.report("production", shop.facts())
    done = side_of(client)
    assert "See what differs" in done
    assert "every " not in done


def test_after_a_minute_the_doctor_comes_first_and_names_what_is_in_the_way(shop: Any) -> None:
    client = session(shop.owner)
    older(shop, "staging", 61)
    side = side_of(client, "environment=staging&where=ci")
    assert side.index("What is in the way") < side.index("No report yet")
    assert "The server has not seen this token." in side
    assert "python3 /tmp/parity.pyz doctor" in side
    # It comes, and is of another version.
    document = {**shop._document("staging", "web-1", {}, {}), "schema": "paritycheck.report/9"}
    agent = bearer(shop.tokens["staging"])
    assert agent.post("/api/v1/reports", document, content_type="application/json").status_code >= 400
    side = text_of(side_of(client))
    assert "Agent signed in" in side
    assert "The server refused what the agent sent" in side
    assert "Fetch parity.pyz from here again." in side
    assert "schema-unsupported" in side
    shop.report("staging", shop.facts())
    assert "refused" not in side_of(client)


def test_what_an_agent_is_refused_with_holds_nothing_that_it_sent(shop: Any) -> None:
    agent = bearer(shop.tokens["staging"])
    document = {**shop._document("staging", "web-1", {}, {}), "hunter2": {"<b>hunter2": "hunter2"}, "seq": "hunter2"}
    assert agent.post("/api/v1/reports", document, content_type="application/json").status_code >= 400
    token = shop.project.tokens.get(environment__slug="staging")
    assert set(token.refusal) == {"code", "detail", "at"}
    assert "hunter2" not in str(token.refusal)
    assert "hunter2" not in side_of(session(shop.owner))
    agent.get("/api/v1/projects")
    gate = shop.project.tokens.get(kind="g")
    bearer(shop.gate_token).post("/api/v1/reports", {}, content_type="application/json")
    gate.refresh_from_db()
    assert gate.refusal is None


def test_project_settings_say_what_environments_are_and_what_they_are_compared_with(shop: Any) -> None:
    client = session(shop.owner)
    page = client.get(P).content.decode()
    assert "4 environments, compared with production" in page
    for part in ("policy", "members", "badge", "tokens", "audit"):
        assert f'href="{P}/{part}"' in page
    changed = client.post(f"{P}/environments/staging/change", {"tier": "testing", "kind": "ephemeral"})
    assert changed.headers["Location"] == P
    staging = shop.project.environments.get(slug="staging")
    assert (staging.tier, staging.kind) == ("testing", "ephemeral")
    assert client.post(f"{P}/baseline", {"environment": "staging"}).status_code == 302
    shop.project.refresh_from_db()
    assert shop.project.baseline == staging
    assert client.post(f"{P}/baseline", {"environment": "none"}).status_code == 404
    made = client.post(f"{P}/environments/new", {"name": "Load Test", "tier": "testing", "kind": "nonsense"})
    assert made.headers["Location"] == "/p/shop/start?environment=load-test"
    again = client.post(f"{P}/environments/new", {"name": "load test"})
    assert (again.status_code, "there is an environment of that name" in again.content.decode()) == (409, True)
    log = client.get(f"{P}/audit").content.decode()
    assert [what for what in ("load-test", "staging") if what not in log] == []


def test_what_is_printed_is_shell_or_yaml_and_calls_the_agent_as_it_is_called() -> None:
    asked = []
    for place in places("https://parity.example", "pca_AbCdEfGhIjKl_x"):
        texts = [part.text for part in place.blocks]
        steps = [yaml.safe_load(text) for text in texts if text.startswith(("- name:", "parity:"))]
        shell = [text for text in texts if not text.startswith(("- name:", "parity:"))]
        shell += [step[0]["run"] if isinstance(step, list) else "\n".join(step["parity"]["script"]) for step in steps]
        for text in (*shell, place.show, place.doctor):
            done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, ""), (place.slug, text)
            asked += [
                shlex.split(line) for line in re.findall(r"python3 \S*parity\.pyz\"? ([a-z].*)$", text, re.MULTILINE)
            ]
        # No program gets the token as an argument: it goes by the environment, a pipe, or a file.
        lines = [line for text in texts for line in text.split("\n") if "pca_" in line]
        assert {line.partition("pca_")[0] for line in lines} <= {"", "export PARITY_TOKEN=", "printf %s "}
    assert {words[0] for words in asked} == {"report", "show", "doctor"}
    assert {parse(words)[1].command for words in asked} == {"report", "show", "doctor"}


YOUNG = ("", "/time", "/personnel", "/factors", "/compare")


def test_a_young_project_says_on_each_page_what_is_missing_and_leads_there(shop: Any) -> None:
    client = session(shop.owner)

    def led(pages: tuple[str, ...], told: str) -> dict[str, list[str]]:
        found = {path: client.get(f"/p/shop{path}").content.decode() for path in pages}
        assert [path for path, page in found.items() if told not in page or page.count("<h1") != 1] == []
        return {path: re.findall(r'class="button solid(?: end)?" href="([^"]+)"', page) for path, page in found.items()}

    def all_to(pages: tuple[str, ...], address: str) -> dict[str, list[str]]:
        return {path: [address] for path in pages}

    assert led(YOUNG, "Nothing has been reported yet.") == all_to(YOUNG, "/p/shop/start?environment=development")
    shop.report("production", shop.facts())
    second, title = ("", "/time", "/personnel"), "Production reports, nothing to compare it with yet"
    assert led(second, title) == all_to(second, "/p/shop/start?environment=staging")
    assert "12 unknown" in client.get("/p/shop/factors").content.decode()
    page = client.get("/p/shop/environments/staging").content.decode()
    assert 'class="button solid" href="/p/shop/start?environment=staging"' in page
    shop.project.environments.all().delete()
    none = (*YOUNG, "/environments")
    assert led(none, "Name the first one, such as production.") == all_to(none, "/p/shop/settings#add")
    assert "shop has no environment yet" in client.get("/p/shop/start").content.decode()
