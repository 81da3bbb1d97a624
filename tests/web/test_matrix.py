"""What the matrix answers, of a project as its agents report it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str], str]

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


def text_of(html: str) -> str:
    """What a page says, tags taken out and blanks collapsed."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ").split())


def rows_of(html: str) -> dict[str, str]:
    """The lines of the matrix by the name of their fact."""
    found = re.findall(r"<tr data-row.*?</tr>", html, re.DOTALL)
    return {re.findall(r'class="mono name" title="([^"]*)"', row)[0]: row for row in found}


def test_the_matrix_sends_only_facts_that_differ(drifted: Any, ask: Ask) -> None:
    del drifted
    rows = rows_of(ask("/p/shop"))
    assert set(rows) == {"cache", "database", "celery-broker", "pypi/stripe", "STRIPE_WEBHOOK_SECRET"}


def test_a_cell_says_its_relation_in_sign_and_word_and_its_severity_in_colour(drifted: Any, ask: Ask) -> None:
    del drifted
    rows = rows_of(ask("/p/shop"))
    ci = re.findall(r'<td class="cell ([^"]*)">', rows["database"])[1]
    assert ci == "is-different is-error"
    assert "error, different 13.23" in text_of(rows["database"])
    assert "≠" in rows["database"]
    missing = re.findall(r'<td class="cell ([^"]*)">', rows["STRIPE_WEBHOOK_SECRET"])
    assert missing == ["is-same", "is-same", "is-same", "is-missing is-error base"]
    assert "present in development, ci and staging" in text_of(rows["STRIPE_WEBHOOK_SECRET"])
    assert "same in development and staging" in text_of(rows["database"])


def test_unknown_is_no_drift_and_says_why(drifted: Any, ask: Ask) -> None:
    del drifted
    row = rows_of(ask("/p/shop"))["celery-broker"]
    assert re.findall(r'<td class="cell ([^"]*)">', row)[1] == "is-unknown"
    assert "connection refused" in text_of(row)
    assert "/d/" not in row


def test_a_drifting_cell_leads_to_its_drift_and_every_other_to_its_evidence(drifted: Any, ask: Ask) -> None:
    links = re.findall(r'class="cell-in"\s+href="([^"]+)"', rows_of(ask("/p/shop"))["database"])
    drift = drifted.project.drifts.get(name="database")
    assert links[1] == f"/p/shop/d/{drift.id[:10]}"
    assert links[2] == "/p/shop/cell?environment=staging&amp;section=services&amp;name=database"
    assert "is the same" in text_of(ask(unescape(links[2])))


def test_what_is_equal_is_one_folded_line_with_its_count(drifted: Any, ask: Ask) -> None:
    del drifted
    page = ask("/p/shop")
    assert "Runtime nothing differs = Show 2 same" in text_of(page)
    unfolded = rows_of(ask("/p/shop?show=runtime"))
    assert {"node", "python"} <= set(unfolded)
    assert "pypi/django" not in unfolded


def test_two_hundred_equal_facts_unfold_at_a_time(shop: Any, ask: Ask) -> None:
    packages = [{"name": f"pkg:pypi/lib-{at:03d}", "value": "1.0", "scope": "transitive"} for at in range(450)]
    for environment in ("production", "staging"):
        shop.report(environment, {**shop.facts(), "dependencies": packages})
    page = ask("/p/shop?show=dependencies")
    assert list(rows_of(page)) == [f"pypi/lib-{at:03d}" for at in range(200)]
    (more,) = re.findall(r'href="([^"]+after=[^"]+)"', page)
    second = ask(unescape(more))
    assert list(rows_of(second)) == [f"pypi/lib-{at:03d}" for at in range(200, 400)]
    assert len(rows_of(ask(unescape(re.findall(r'href="([^"]+after=[^"]+)"', second)[0])))) == 50


def test_two_hundred_that_differ_are_sent_at_a_time_and_the_rest_on_demand(shop: Any, ask: Ask) -> None:
    def packages(version: str) -> list[dict[str, Any]]:
        return [{"name": f"pkg:pypi/lib-{at:03d}", "value": version, "scope": "direct"} for at in range(230)]

    for environment, version in (("production", "1.0"), ("staging", "2.0")):
        shop.report(environment, {**shop.facts(), "dependencies": packages(version)})
    page = ask("/p/shop")
    assert list(rows_of(page)) == [f"pypi/lib-{at:03d}" for at in range(200)]
    assert "Dependencies 230 differ" in text_of(page)
    assert "Show more of the other 30 that differ" in text_of(page)
    (more,) = re.findall(r'href="([^"]+skip=[^"#]+)', page)
    rest = ask(unescape(more))
    assert list(rows_of(rest)) == [f"pypi/lib-{at:03d}" for at in range(200, 230)]
    assert "Show the first 200" in text_of(rest)
    assert rows_of(ask("/p/shop?part=dependencies&skip=x")).keys() == rows_of(page).keys()


def test_the_filter_stands_in_the_query_and_narrows(drifted: Any, ask: Ask) -> None:
    del drifted
    assert set(rows_of(ask("/p/shop?section=services"))) == {"cache", "database", "celery-broker"}
    assert set(rows_of(ask("/p/shop?section=services&severity=error"))) == {"cache", "database"}
    assert set(rows_of(ask("/p/shop?severity=unknown"))) == {"celery-broker"}
    assert set(rows_of(ask("/p/shop?q=STRIPE"))) == {"pypi/stripe", "STRIPE_WEBHOOK_SECRET"}
    assert set(rows_of(ask("/p/shop?q=database_url"))) == {"database"}
    wrong = ask("/p/shop?severity=no-such&section=no-such")
    assert set(rows_of(wrong)) == set(rows_of(ask("/p/shop")))
    assert "This page is not filtered" in text_of(wrong)


def test_every_filter_of_the_api_is_one_of_the_page_and_of_its_file(drifted: Any, signed_in: Any, ask: Ask) -> None:
    """The page draws the facts of the drifts that the list holds for the same query; and its file are those drifts."""
    from paritycheck.core.waiver_terms import read_terms
    from paritycheck.services.tokens import issue_token
    from paritycheck.services.waivers import create_waiver

    now = timezone.now()
    terms = read_terms({"match": "config/*", "reason": "known", "owner": "ann", "until_change": True}, now)
    create_waiver(project=drifted.project, user=drifted.owner, terms=terms, now=now)
    drifted.project.drifts.filter(name="cache").update(owner="platform")
    drifted.report("staging", drifted.facts())
    bearer = {"authorization": f"Bearer {issue_token(kind='u', user=drifted.owner)[1]}"}
    counts = set()
    for query in (
        "severity=error", "severity=waived", "severity=waived&severity=error", "severity=warning&severity=note",
        "section=services&state=live", "section=services&section=config&state=live", "q=stripe&state=live",
        "q=platform", "q=database_url", "owner=platform", "name=c*", "rule=version", "pair=ci..production",
        "pair=staging", "state=waived", "state=open", "state=resolved", "state=all&section=dependencies",
        "initial=0&state=all", "initial=1", "waived=1&state=live", "changed_since=2020-01-01T00:00:00Z&severity=error",
    ):  # fmt: skip
        listed = signed_in.get(f"/api/v1/projects/shop/drifts?page_size=200&{query}", headers=bearer).json()["results"]
        page = ask(f"/p/shop?{query}")
        known = {name for row in rows_of(page) if "is-unknown" not in rows_of(page)[row] for name in (row,)}
        assert known == {each["name"].removeprefix("pkg:") for each in listed}, query
        (file,) = re.findall(r'href="(/p/shop/drifts\.csv[^"]*)"', page)
        reply = b"".join(signed_in.get(unescape(file)).streaming_content).decode()
        assert sorted(row["id"] for row in csv.DictReader(io.StringIO(reply))) == sorted(row["id"] for row in listed)
        counts.add(len(listed))
    assert {0, 1, 2} < counts
    assert "drifts.csv" not in ask("/p/shop?severity=unknown"), "no fact that is unknown is a drift"


def test_a_filter_that_matches_nothing_guesses_what_was_meant(drifted: Any, ask: Ask) -> None:
    del drifted
    page = text_of(ask("/p/shop?q=databse"))
    assert "No fact matches “databse”" in page
    assert "Did you mean database ?" in page


def test_the_tiles_say_value_band_sentence_and_coverage(drifted: Any, ask: Ask) -> None:
    del drifted
    page = text_of(ask("/p/shop"))
    assert "Personnel unknown no deploy yet" in page
    assert re.search(r"Tools error 6 open drifts .*6 errors", page)
    assert re.search(r"coverage \d+ % 3 pairs with production", page)


def test_a_project_in_parity_is_calm(shop: Any, ask: Ask) -> None:
    for environment in ("production", "staging"):
        shop.report(environment, shop.facts())
    page = text_of(ask("/p/shop"))
    assert "Nothing differs 12 facts are the same or within policy, coverage 100 %." in page
    assert "Nothing drifts" in text_of(ask("/"))


def test_before_there_is_something_to_compare_the_page_says_what_is_missing(shop: Any, ask: Ask) -> None:
    assert "Waiting for the first report of production" in text_of(ask("/p/shop"))
    shop.report("production", {"release": []})
    assert "Production reports, nothing to compare it with yet" in text_of(ask("/p/shop"))


def test_an_environment_that_fell_silent_is_named_and_its_drifts_stay(drifted: Any, ask: Ask) -> None:
    from datetime import timedelta

    from django.db.models import F

    staging = drifted.project.environments.get(slug="staging")
    staging.instances.update(last_seen=F("last_seen") - timedelta(hours=3, minutes=12))
    page = text_of(ask("/p/shop"))
    assert "staging has been silent for 3 h 12 min Its drifts stay as they were." in page
    assert "pypi/stripe" in rows_of(ask("/p/shop"))
    assert "silent" in text_of(ask("/p/shop/environments"))
    production = drifted.project.environments.get(slug="production")
    production.instances.update(last_seen=F("last_seen") - timedelta(hours=1))
    said = "staging and production are silent, for 3 h 12 min at most Their drifts stay as they were."
    assert said in text_of(ask("/p/shop"))
    assert "production and staging are silent" in text_of(ask("/p/shop/time"))


def test_a_section_nobody_confirms_for_a_day_keeps_its_value_and_is_unknown(drifted: Any, ask: Ask) -> None:
    from datetime import timedelta

    from django.db.models import F

    staging = drifted.project.environments.get(slug="staging")
    staging.instances.update(last_seen=F("last_seen") - timedelta(hours=30))
    row = rows_of(ask("/p/shop"))["pypi/stripe"]
    assert re.findall(r'<td class="cell ([^"]*)">', row)[2] == "is-unknown"
    assert "14.0.1 stale" in text_of(row)


def test_a_section_that_could_not_be_read_is_one_remark_and_no_flood(drifted: Any, ask: Ask) -> None:
    drifted.report("ci", {**drifted.facts(), "dependencies": "tool-missing"}, "run-8841")
    page = ask("/p/shop?section=dependencies")
    assert "ci: tool missing" in text_of(page)
    assert set(rows_of(page)) == {"pypi/stripe"}
    assert "tool missing" in text_of(rows_of(page)["pypi/stripe"])


def test_a_comparison_that_failed_says_which_state_is_shown(drifted: Any, ask: Ask) -> None:
    from paritycheck.models import Job

    Job.objects.filter(environment__slug="ci").update(state="dead")
    pair = drifted.project.pairs.get(left__slug="ci", right__slug="production")
    said = f"The comparison of ci failed Shown is the last good one, of {pair.evaluated_at:%H:%M}."
    assert f"{said} It is tried again with the next report." in text_of(ask("/p/shop"))
    Job.objects.filter(environment__slug="ci").update(state="due", attempts=2, error="OperationalError")
    drift = drifted.project.drifts.get(name="database")
    for path in ("/p/shop", "/p/shop/time", "/p/shop/factors", f"/p/shop/d/{drift.id[:10]}"):
        assert f"{said} The next try comes within 15 s, the third." in text_of(ask(path)), path
    Job.objects.filter(environment__slug="ci").update(state="done", attempts=0, error="")
    assert "failed" not in text_of(ask("/p/shop"))


def test_a_policy_with_a_mistake_is_named_by_line_and_column(drifted: Any, ask: Ask) -> None:
    from django.test import Client

    text = b'[project]\nname = "shop"\n\n[tools.services]\npostgresql = "same-magor"\n'
    digest = hashlib.sha256(text).hexdigest()
    client = Client(headers={"authorization": f"Bearer {drifted.tokens['production']}"})
    answer = client.put(f"/api/v1/policies/{digest}", text, content_type="application/toml")
    assert answer.status_code in {200, 201}, answer.content
    page = text_of(ask("/p/shop"))
    assert re.search(r"parity.toml line 5, column \d+", page)
    assert "same-magor" in page
    assert "The shipped expectations hold." in page
