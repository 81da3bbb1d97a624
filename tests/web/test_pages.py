"""What each page answers, of a project as its agents report it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str], str]

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


def text_of(html: str) -> str:
    """What a page says, tags taken out and blanks collapsed."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ").split())


def drift_page(drifted: Any, ask: Ask, **of: str) -> str:
    return text_of(ask(f"/p/shop/d/{drifted.project.drifts.get(**of).id[:10]}"))


def test_a_drift_shows_both_sides_with_source_snapshot_and_time(drifted: Any, ask: Ask) -> None:
    page = drift_page(drifted, ask, name="database")
    assert "ci runs PostgreSQL 13.23, production runs 16.14" in page
    assert "ci ci#1 13 .23 Read from .github/workflows/ci.yml:31" in page
    assert "production production#1 16 .14 Read from asking the service compose/production.yml:12" in page
    assert len(re.findall(r"Confirmed [\d:]+ , \d+ s ago", page)) == 2
    assert "3 majors" in page


def test_a_drift_shows_what_both_sides_had_over_time_and_the_move_that_parted_them(shop: Any, ask: Ask) -> None:
    now = datetime.now(UTC)
    moves = (("production", "13.22", 200), ("ci", "13.22", 85), ("ci", "13.23", 65), ("production", "16.14", 24))
    for slug, version, days in moves:
        shop.report(slug, shop.facts("services", "database", value=version))
        newest = shop.project.environments.get(slug=slug).snapshots.order_by("-number").first()
        newest.opened_at = now - timedelta(days=days)
        newest.save(update_fields=["opened_at"])
    shop.evaluate("ci")
    page = drift_page(shop, ask, name="database", state="open")
    day = f"{now - timedelta(days=65):%-d %b}"
    assert re.search(rf"parted {day} [\d:]+", page)
    assert re.search(r"ci#1 13.22 .+ ci#2 13.23 .+ now production#1 13.22 .+ production#2 16.14 .+ now", page)
    assert re.search(r"ci#1 = met .+ production#1 then ci#2 ≠ did not with production#1 What that move changed", page)
    html = ask(f"/p/shop/d/{shop.project.drifts.get(name='database', state='open').id[:10]}")
    assert (html.count("lane-known lane-apart"), html.count('class="lane-known"')) == (3, 1)
    compared = re.findall(r'href="([^"]+)">What that move changed', html)
    assert "database" in text_of(ask(unescape(compared[0])))


def test_a_drift_says_rule_expectation_age_and_owner(drifted: Any, ask: Ask) -> None:
    page = drift_page(drifted, ask, name="database")
    assert "services/database:version" in page
    assert re.search(r"open for \d+ s , since", page)
    assert "expected same-minor by the shipped expectations" in page
    assert "no owner" in page


def test_a_drift_names_the_line_to_change(drifted: Any, ask: Ask) -> None:
    page = drift_page(drifted, ask, name="database")
    assert "The line to change .github/workflows/ci.yml line 31, declared by ci" in page
    assert "31 \N{MINUS SIGN} 13.23 31 + 16.14" in page


def test_a_drift_tells_its_life(drifted: Any, ask: Ask) -> None:
    drifted.report("ci", drifted.facts("services", "database", value="14.1"), "run-8841")
    drifted.report("ci", drifted.facts(), "run-8841")
    page = drift_page(drifted, ask, name="database")
    steps = re.findall(r"(Opened as error|Changed, still error|Resolved) ", page.partition("History")[2])
    assert steps == ["Resolved", "Changed, still error", "Opened as error"]
    assert "resolved" in page
    assert "14.1 on ci, 16.14 in production" in page


def test_a_missing_key_is_framed_on_the_side_that_lacks_it(drifted: Any, ask: Ask) -> None:
    drift = drifted.project.drifts.filter(name="STRIPE_WEBHOOK_SECRET").first()
    html = ask(f"/p/shop/d/{drift.id[:10]}")
    assert "Production has no <code>STRIPE_WEBHOOK_SECRET</code>" in html
    assert re.findall(r'<section class="panel side side-(\w+)"', html) == ["present", "missing"]


def test_drifts_lead_to_the_next_one_worst_first(drifted: Any, ask: Ask) -> None:
    seen, html = [], ""
    first = drifted.project.drifts.order_by("section", "name", "id").first()
    path = f"/p/shop/d/{first.id[:10]}"
    while path:
        html = ask(path)
        seen.append(path)
        following = re.findall(r'href="([^"]+)"\s+data-key-go="j"', html)
        path = following[0] if following else ""
    assert len(seen) == drifted.project.drifts.filter(state="open").count() == 6
    assert "6 of 6" in text_of(html)


def test_an_environment_lists_its_instances_sections_and_snapshots(drifted: Any, ask: Ask) -> None:
    drifted.report("staging", drifted.facts("runtime", "node", value="24.1.0"))
    page = text_of(ask("/p/shop/environments/staging"))
    assert "web-1 0.1.0 on a container 5 min" in page
    assert "reports" in page
    assert re.search(r"dependencies 3 read \d+ s \d+ s", page)
    assert re.search(r"staging#2 .* 2 staging#1 .* first", page)
    assert "staging#2, " in ask("/p/shop/environments/staging")


def test_a_snapshot_shows_what_it_changed_and_what_it_holds(drifted: Any, ask: Ask) -> None:
    drifted.report("staging", drifted.facts("runtime", "node", value="24.1.0"))
    page = text_of(ask("/p/shop/environments/staging/2"))
    assert "Changed 2 facts since #1" in page
    assert "dependencies pypi/stripe 14.0.1 13.2.0" in page
    assert "runtime node 22.21.1 24.1.0" in page
    held = text_of(ask("/p/shop/environments/staging/2?section=services"))
    assert "database postgresql 16.14 asking the service, compose/production.yml:12" in held
    assert "pkg: npm/@sentry/browser 10.26.0 package.json:9" in text_of(ask("/p/shop/environments/staging/2?q=sentry"))


def test_a_snapshot_that_never_was_is_not_there(drifted: Any, signed_in: Any) -> None:
    del drifted
    for number in ("0", "9", "01", "1.5", "x"):
        assert signed_in.get(f"/p/shop/environments/staging/{number}").status_code == 404, number


def test_a_verdict_says_what_a_change_introduces_and_leaves(drifted: Any, ask: Ask) -> None:
    facts = drifted.facts("services", "database", value="17", sources=["compose.yaml:12"])
    document = drifted.gate({"services": facts["services"]})
    page = text_of(ask(f"/p/shop/gate/{drifted.project.verdicts.get().id}"))
    assert document["verdict"] == "fail"
    assert "Fails: this change introduces 1 drift from production" in page
    assert "exit 1" in page
    assert "This change runs PostgreSQL 17, production runs 16.14 compose.yaml:12" in page
    assert "bump-pg" in text_of(ask("/p/shop/gate"))


def test_verdicts_come_fifty_at_a_time(shop: Any, ask: Ask) -> None:
    from paritycheck.models import Verdict

    shop.report("production", shop.facts())
    shop.gate({"services": []})
    verdict = Verdict.objects.get()
    for at in range(54):
        verdict.pk, verdict.branch = None, f"branch-{at}"
        verdict._state.adding = True
        verdict.save(force_insert=True)
    page = ask("/p/shop/gate")
    (older,) = re.findall(r'href="([^"]+before=[^"]+)"', page)
    rest = ask(unescape(older))
    assert len(re.findall("<tr data-row", page)) == 50
    assert len(re.findall("<tr data-row", rest)) == 5
    assert ask("/p/shop/gate?before=nonsense") != rest


def test_projects_come_worst_first_with_their_gaps(drifted: Any, ask: Ask) -> None:
    from paritycheck.models import Project

    calm = Project.objects.create(slug="a-calm-one")
    calm.memberships.create(user=drifted.owner, role="viewer")
    html = ask("/")
    assert "One of two projects needs a look" in text_of(html)
    assert re.findall(r'<a class="name" href="/p/([^"]+)"', html) == ["shop", "a-calm-one"]
    assert re.findall(r'<a class="name" href="/p/([^"]+)"', ask("/?q=calm")) == ["a-calm-one"]
    assert "No project matches “nothing-like-it”" in text_of(ask("/?q=nothing-like-it"))


def test_the_worst_finding_of_a_project_leads_to_its_drift_by_one_link(drifted: Any, ask: Ask) -> None:
    """What differs from another environment comes before what is out of support everywhere."""
    drifted.project.drifts.filter(name="database").update(severity="error")
    drifted.project.drifts.exclude(name="database").update(severity="warning")
    inside = drifted.project.drifts.exclude(name="database").first()
    inside.left_id, inside.severity, inside.opened_at = inside.right_id, "error", datetime(2020, 1, 1, tzinfo=UTC)
    inside.save()
    worst = drifted.project.drifts.get(name="database")
    assert re.findall(r'href="/p/shop/d/(\w+)"', ask("/")) == [worst.id[:10]]


def test_the_totals_look_back_a_week_and_ahead_a_week(drifted: Any, ask: Ask) -> None:
    now = datetime.now(UTC)
    assert "a week ago" not in text_of(ask("/"))
    count = drifted.project.drifts.filter(state="open").count()
    old = drifted.project.drifts.get(name="database")
    old.events.update(at=now - timedelta(days=9))
    drifted.project.drifts.filter(pk=old.pk).update(opened_at=now - timedelta(days=9))
    from paritycheck.models import Waiver

    Waiver.objects.create(
        project=drifted.project, match="tools/*", made_at=now, made_by="maria", until=now + timedelta(days=3)
    )
    told = f"{count} drifts are open against 1 a week ago, {count - 1} new in 7 d, 1 waiver ends this week."
    assert told in text_of(ask("/"))


def test_live_says_only_whether_something_changed(drifted: Any, signed_in: Any, ask: Ask) -> None:
    version = ""
    for page, path in (("/p/shop", "/p/shop/live"), ("/", "/live")):
        (version,) = re.findall(r'id="version" name="v" value="(\w+)"', ask(page))
        same = signed_in.get(f"{path}?v={version}")
        assert (same.status_code, same.content, "HX-Trigger" in same.headers) == (204, b"", False)
    drifted.report("staging", drifted.facts("runtime", "node", value="24.1.0"))
    assert signed_in.get(f"/live?v={version}").headers["HX-Trigger"] == "parity:changed"


def test_the_manual_has_every_page_and_its_links_lead_somewhere(signed_in: Any, ask: Ask) -> None:
    from paritycheck.models import User
    from paritycheck.web.manual_pages import LEAVES

    links = set()
    for leaf in LEAVES:
        html = ask(f"/docs/{leaf.slug}")
        assert f">{leaf.title}</a>" in html
        links |= set(re.findall(r'href="(/[^"#]*)"', html))
    # Some of them are of administrators: where projects begin, what runs.
    User.objects.update(is_superuser=True)
    asked = {link: signed_in.get(link).status_code for link in links if not link.startswith("/static/")}
    assert {link: status for link, status in asked.items() if status != 200} == {}
    assert signed_in.get("/docs/none").status_code == 404


def test_the_manual_tells_every_command_and_option(ask: Ask) -> None:
    """As argparse has them: the list of commands, and each with its own help."""
    from paritycheck_agent.cli.arguments import helps

    page = ask("/docs/commands")
    text = unescape(page)
    for name, told in helps().items():
        assert not name or f'<h2 id="{name}">' in page
        assert told.rstrip() in text
    assert {"report", "gate", "drifts", "waive"} < helps().keys()
    assert "--until-converged" in text


@pytest.mark.usefixtures("drifted")
def test_pages_that_list_lead_to_the_same_as_a_file(ask: Callable[[str], str], signed_in: Any) -> None:
    for path, what in (
        ("/p/shop", "drifts"),
        ("/p/shop/compare?left=staging&right=production", "compare"),
        ("/p/shop/time", "deploys"),
        ("/p/shop/waivers", "waivers"),
    ):
        found = re.search(rf'href="(/p/shop/{what}\.csv[^"]*)"', ask(path))
        assert found, path
        reply = signed_in.get(unescape(found[1]))
        assert reply["Content-Type"] == "text/csv; charset=utf-8", path
        lines = b"".join(reply.streaming_content).decode().splitlines()
        assert len(lines) > (what in {"drifts", "compare"}), path
    assert signed_in.get("/p/shop/drifts.csv?state=none").status_code == 400
    assert signed_in.get("/p/shop/compare.csv?left=none&right=production").status_code == 404


def test_the_manual_lists_every_call_of_the_api_with_its_parameters(db: None, client: Any) -> None:
    del db
    page = unescape(client.get("/docs/api").content.decode())
    document = client.get("/api/v1/schema").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"<code>{method.upper()} {path}</code> {operation['summary']}" in page
            for parameter in operation.get("parameters", ()):
                assert parameter["in"] != "query" or f"<code>{parameter['name']}</code>" in page
    assert "<script>" not in page
    assert 'id="deprecation"' in page


def test_without_scripts_each_bar_is_a_link_to_what_its_snapshot_changed(drifted: Any, ask: Ask) -> None:
    drifted.report("staging", drifted.facts("runtime", "node", value="24.1.0"))
    drifted.report("staging", drifted.facts("runtime", "node", value="25.1.0"))
    page = ask("/p/shop/environments/staging")
    links = re.findall(r'<a href="([^"]+)" data-scrub data-middle', page)
    assert links == [f"/p/shop/environments/staging?at={number}" for number in (1, 2, 3)]
    assert "node 24.1.0 25.1.0" in text_of(page)
    assert "The first report: there is nothing before it." in text_of(ask(links[0]))
    second = text_of(ask(links[1]))
    assert "Changed in staging#2" in second
    assert "node 22.21.1 24.1.0" in second
    for odd in ("x", "0", "99999999999", "-1", "٣"):
        assert "Changed in staging#" in text_of(ask(f"/p/shop/environments/staging?at={odd}"))


def test_instances_that_disagree_are_told_apart_and_a_stale_section_is_hatched(drifted: Any, ask: Ask) -> None:
    from datetime import timedelta

    from django.utils import timezone

    drifted.report("staging", drifted.facts("runtime", "node", value="24.1.0"), "web-2")
    page = text_of(ask("/p/shop/environments/staging"))
    assert re.search(r"2 instances report \d+ facts and disagree on 2\.", page)
    assert "node 22.21.1 web-1 24.1.0 web-2" in page
    instance = drifted.project.environments.get(slug="ci").instances.get()
    past = (timezone.now() - timedelta(days=3)).isoformat()
    instance.sections["config"] |= {"at": past, "current": False}
    instance.save()
    html = ask("/p/shop/environments/ci")
    assert re.search(r'<span class="frame-unknown"><span>stale, last read <time[^>]*>3\s+d', html)
