"""The policy's page: its text, its mistakes at their line, what a draft would do, and who may save it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    Ask = Callable[[str], str]

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
PAGE = "/p/shop/settings/policy"
IGNORING = '[tools.services]\n"*" = "ignore"\n'
WRONG = '[tools.dependencies]\ndirect = "same"\ntransitive = "same-magor"\n'


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ").split())


def send(client: Client, action: str, text: str, *, to: str = PAGE, status: int = 200, **more: str) -> str:
    answer = client.post(to, {"action": action, "text": text.replace("\n", "\r\n"), **more})
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def apart() -> None:
    """Put every snapshot that is stored ten minutes further back."""
    from django.db.models import F

    from paritycheck.models import Snapshot

    Snapshot.objects.update(opened_at=F("opened_at") - timedelta(minutes=10))


def test_without_a_policy_it_says_so_and_what_would_win(shop: Any, ask: Ask) -> None:
    del shop
    page = text_of(ask(PAGE))
    assert "The shipped expectations are in force, nothing differs under them" in page
    assert "A parity.toml in the codebase wins over what is saved here, as soon as production reports one." in page


def test_a_mistake_stands_at_its_line_with_what_was_meant(signed_in: Client) -> None:
    html = send(signed_in, "preview", WRONG)
    assert "line 3, column 14: `same-magor` is no expectation. Did you mean `same-major`?" in text_of(html)
    assert re.search(
        r'class="line is-wrong"><i>3</i><u>.</u>.*<span class="t-wrong">&quot;same-magor&quot;</span>', html
    )
    assert re.search(r'id="save"[^>]* disabled', html)
    assert "1 mistake" in text_of(html)


def test_a_draft_shows_what_it_would_resolve_and_writes_nothing(drifted: Any, signed_in: Client) -> None:
    before = sorted(drifted.project.drifts.filter(state="open").values_list("section", flat=True))
    page = text_of(send(signed_in, "preview", IGNORING))
    assert re.search(rf"Opens 0 Resolves {before.count('services')} Changes 0 Stays", page), page
    assert "database version, ci against production resolves" in page
    assert sorted(drifted.project.drifts.filter(state="open").values_list("section", flat=True)) == before
    drifted.project.refresh_from_db()
    assert drifted.project.policy_version == 0


def test_the_live_preview_brings_lines_mistakes_and_the_button(drifted: Any, signed_in: Client) -> None:
    del drifted
    html = send(signed_in, "", WRONG, to=f"{PAGE}/trial")
    assert html.count('hx-swap-oob="true"') == 5
    assert "<html" not in html
    assert "Correct the mistake to see" in html


def test_the_back_test_counts_with_and_without_a_script(drifted: Any, signed_in: Client, ask: Ask) -> None:
    apart()
    drifted.report("staging", drifted.facts("services", "database", value="14.1"))
    apart()
    drifted.report("staging", drifted.facts())
    led = signed_in.post(PAGE, {"action": "backtest", "text": ""})
    assert led.status_code == 302
    for html in (ask(led.headers["Location"]), send(signed_in, "", "", to=f"{PAGE}/backtest")):
        page = text_of(html)
        assert "Would have opened 1 drift , 1 of them gone within an hour." in page.replace(" drift, ", " drift , ")
        assert "services, version 1 1" in page
        assert '<svg class="openings"' in html


def test_a_long_back_test_says_how_far_it_is_and_can_be_left_and_found_again(
    drifted: Any, signed_in: Client, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.services import backtest_runs

    monkeypatch.setattr(backtest_runs, "SHORT", -1)
    html = send(signed_in, "", IGNORING, to=f"{PAGE}/backtest")
    assert "Waits for a worker" in text_of(html)
    (address,) = re.findall(r'hx-get="([^"]+)"', html)
    (link,) = re.findall(r'href="([^"]+backtest=[^"]+)"', html)
    run = drifted.project.backtests.get()
    drifted.project.backtests.update(state="running", steps=30, total=40)
    assert "75 % done" in text_of(ask(address))
    assert 'value="75"' in ask(address)
    drifted.project.backtests.update(state="due")
    assert backtest_runs.backtests_due() == [run.pk]
    backtest_runs.run_backtest(run_id=run.pk, now=datetime.now(UTC))
    assert "hx-get" not in ask(address)
    found = ask(unescape(link))
    assert "Would have opened" in text_of(found)
    assert '"*" = "ignore"' in unescape(found).partition("<textarea")[2]
    send(signed_in, "", IGNORING, to=f"{PAGE}/backtest")
    assert [one.state for one in drifted.project.backtests.all()] == ["done"], "the kept one is shown"
    assert signed_in.get(f"{PAGE}?backtest=nonsense").status_code == 404


def test_a_back_test_whose_worker_is_gone_is_taken_up_three_times(
    drifted: Any, signed_in: Client, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.services import backtest_runs

    def dies(**_of: Any) -> None:
        raise OSError("the worker is gone")

    monkeypatch.setattr(backtest_runs, "SHORT", -1)
    monkeypatch.setattr(backtest_runs, "backtest_policy", dies)
    html = send(signed_in, "", "", to=f"{PAGE}/backtest")
    (run,) = backtest_runs.backtests_due()
    for _ in range(3):
        with pytest.raises(OSError, match="is gone"):
            backtest_runs.run_backtest(run_id=run, now=datetime.now(UTC))
        assert backtest_runs.backtests_due() == []
        drifted.project.backtests.update(beaten_at=datetime.now(UTC) - timedelta(minutes=2))
    backtest_runs.run_backtest(run_id=run, now=datetime.now(UTC))
    assert backtest_runs.backtests_due() == []
    (address,) = re.findall(r'hx-get="([^"]+)"', html)
    assert "did not end in three attempts" in text_of(ask(address))


def test_a_maintainer_saves_and_the_versions_say_who_and_when(shop: Any, signed_in: Client, ask: Ask) -> None:
    send(signed_in, "save", IGNORING, status=302, version="0")
    send(signed_in, "save", "", status=302, version="1")
    page = text_of(ask(PAGE))
    assert re.search(r"v2 in force saved by maria@example.com, since [\d:]+", page), page
    assert re.search(r"v2 in force maria@example.com .* v1 maria@example.com", page)
    assert unescape(ask(f"{PAGE}?version=1")).count('"ignore"') == 2
    shop.project.refresh_from_db()
    assert shop.project.policy.text == ""


def test_who_was_overtaken_keeps_the_draft(signed_in: Client) -> None:
    send(signed_in, "save", IGNORING, status=302, version="0")
    html = send(signed_in, "save", "[time]\n", status=409, version="0")
    assert "Not saved version 1 came into force meanwhile" in text_of(html)
    assert "[time]" in html.partition("<textarea")[2].partition("</textarea>")[0]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_viewers_read_and_try_but_never_save(shop: Any, signed_in: Client, role: str) -> None:
    shop.project.memberships.filter(user=shop.owner).update(role=role)
    assert re.search(r'id="save"[^>]* disabled', send(signed_in, "preview", IGNORING))
    send(signed_in, "save", IGNORING, status=403)
    send(signed_in, "choose", "", status=403, environment="staging")
    shop.project.refresh_from_db()
    assert (shop.project.policy_version, shop.project.policy_from) == (0, None)


def test_a_maintainer_names_the_environment_whose_file_counts(shop: Any, signed_in: Client) -> None:
    send(signed_in, "choose", "", status=302, environment="staging")
    shop.project.refresh_from_db()
    assert shop.project.policy_from.slug == "staging"
    send(signed_in, "choose", "", status=302, environment="")
    shop.project.refresh_from_db()
    assert shop.project.policy_from is None


def test_the_draft_is_downloaded_as_it_was_written(signed_in: Client) -> None:
    answer = signed_in.post(PAGE, {"action": "download", "text": "[time]\r\n# \u00e9\r\n"})
    assert answer.content.decode() == "[time]\n# \u00e9\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parity.toml"'


@pytest.mark.parametrize(
    "payload", ["</textarea><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202egnp.exe"]
)
def test_a_draft_is_text_whatever_it_holds(signed_in: Client, payload: str) -> None:
    for to in (PAGE, f"{PAGE}/trial"):
        html = send(signed_in, "preview", f'# {payload}\n"{payload}" = 1\n', to=to)
        assert payload not in html.partition("<textarea")[0]
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_what_holds_a_control_character_is_refused_in_words(signed_in: Client) -> None:
    assert "line 1, column" in text_of(send(signed_in, "preview", "a\0"))
    send(signed_in, "save", "a\0", status=422)


def test_every_verdict_and_the_matrix_carry_the_version_in_force(drifted: Any, signed_in: Client, ask: Ask) -> None:
    send(signed_in, "save", "[time]\n", status=302, version="0")
    for slug in ("production", "ci"):
        drifted.evaluate(slug)
    answer = drifted.gate({"services": []})
    assert answer["policy"]["version"] == 1
    verdict = drifted.project.verdicts.get()
    assert "Policy v1" in text_of(ask(f"/p/shop/gate/{verdict.id}"))
    drift = drifted.project.drifts.get(name="database")
    assert "by policy v1" in text_of(ask(f"/p/shop/d/{drift.id[:10]}"))
    assert "policy v1 saved here" in text_of(ask("/p/shop"))
