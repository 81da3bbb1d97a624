"""The commands that people ask the server with, against the API itself: what it answers is what they print."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from paritycheck_agent.cli import main
from paritycheck_agent.transport.connection import Answer, Connection

if TYPE_CHECKING:
    from tests.api.installation import Site

Ran = tuple[int, str, str]
NASTY = "redis\x1b[2J\u202e"


class Person(io.StringIO):
    """Somebody at a terminal who types this."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.fixture
def parity(
    site: "Site", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> Callable[..., Ran]:
    """Run a command whose requests reach the application in this process; its exit code, output and errors."""

    def request(self: Connection, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        reply = site.send(method, path, body or None, who="admin", media=None, headers=headers)
        assert self.host == "127.0.0.1"
        return Answer(reply.status, reply.headers, reply.body)

    def run(*arguments: str) -> Ran:
        code = main([*arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    monkeypatch.setattr(Connection, "request", request)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parity.toml").write_text('[project]\nname = "shop"\n')
    monkeypatch.setenv("PARITY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PARITY_TOKEN", "pcu_admin")
    monkeypatch.delenv("COLUMNS", raising=False)
    return run


@pytest.fixture
def drifting(site: "Site") -> "Site":
    """Staging reports other versions than production, and both are evaluated as the worker would."""
    from paritycheck.models import Project
    from paritycheck.services.evaluate import evaluate_environment

    shop = Project.objects.get(slug="shop")
    for where, database, stripe in (("production", "16.9", "13.2.0"), ("staging", "17.2", "14.0.1")):
        service = {"name": "database", "value": database, "kind": "postgresql", "sources": ["compose.yaml:12"]}
        package = {"name": "pkg:pypi/stripe", "value": stripe, "scope": "direct", "sources": ["uv.lock:40"]}
        site.told(
            who=where,
            services=site.section("services", [service], who=where),
            dependencies=site.section("dependencies", [package], ["pkg:pypi/"], who=where),
        )
        evaluate_environment(environment_id=shop.environments.get(slug=where).pk, now=datetime.now(UTC))
    return site


def known(site: "Site", name: str) -> str:
    """The identity of the open drift of this name."""
    drifts = site.get("/api/v1/projects/shop/drifts?pair=staging..production").json()["results"]
    return next(str(drift["id"]) for drift in drifts if drift["name"] == name)


def test_drifts_are_a_table_for_people_and_the_apis_own_document_in_a_pipe(
    drifting: "Site", parity: Callable[..., Ran]
) -> None:
    from paritycheck.models import Drift

    Drift.objects.filter(name="pkg:pypi/stripe").update(name=NASTY)
    code, out, err = parity("drifts", "--format", "text", "--pair", "staging..production")
    assert (code, err) == (0, "")
    head, *rows, counts = out.splitlines()
    assert head.split() == ["ID", "PAIR", "SEVERITY", "WHAT", "RULE", "HERE", "BASELINE", "SINCE"]
    assert counts == "2 errors"
    (database,) = (row for row in rows if "services/database" in row)
    assert database.split("  ")[0] == known(drifting, "database")[:10]
    for told in ("staging..production", "error", "version (major)", "17.2", "16.9", "just now"):
        assert told in database
    assert out.replace("\n", "").isprintable()
    code, out, _err = parity("drifts", "--pair", "staging..production")
    assert json.loads(out) == drifting.get("/api/v1/projects/shop/drifts?pair=staging..production").json()


def test_drifts_are_filtered_and_limited_and_the_cursor_is_followed(
    drifting: "Site", parity: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drifting.tokens
    (named,) = json.loads(parity("drifts", "--search", "data", "--severity", "error", "--rule", "version")[1])[
        "results"
    ]
    assert named["name"] == "database"
    for asked, found in (
        (("--name", "pkg:pypi/*"), 1),
        (("--name", "stripe"), 0),
        (("--owner", "nobody"), 0),
        (("--changed-since", "1d"), 2),
        (("--changed-since", "2099-01-01T00:00:00Z"), 0),
    ):
        assert len(json.loads(parity("drifts", *asked)[1])["results"]) == found, asked
    assert json.loads(parity("drifts", "--state", "waived")[1])["results"] == []
    limited = json.loads(parity("drifts", "--limit", "1")[1])
    assert (len(limited["results"]), limited["next"] is None) == (1, False)
    assert "--limit 0 lists all" in parity("drifts", "--limit", "1", "--format", "text")[1]
    monkeypatch.setattr("paritycheck_agent.runner.reading._PAGE_ROWS", 1)
    whole = json.loads(parity("drifts", "--limit", "0")[1])
    assert {drift["name"] for drift in whole["results"]} == {"database", "pkg:pypi/stripe"}
    assert (len(whole["results"]), whole["next"]) == (2, None)
    assert parity("drifts", "--rule", "nonsense")[0] == 2


def test_a_drift_is_told_with_both_sides_and_where_they_were_read(drifting: "Site", parity: Callable[..., Ran]) -> None:
    ident = known(drifting, "database")
    code, out, _err = parity("drift", ident[:10], "--format", "text")
    assert code == 0
    assert "error: services/database version (major), staging..production" in out
    page = f"/p/shop/d/{ident[:10]}"
    for told in ("same-minor", "staging#1", "17.2", "production#1", "16.9", "compose.yaml:12", page, "opened"):
        assert told in out
    code, out, err = parity("drift", "d" * 10)
    assert (code, out) == (2, "")
    assert "404 not-found" in err


def test_waiving_shows_first_what_it_hides_and_does_nothing_unless_agreed(
    drifting: "Site", parity: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    ident = known(drifting, "database")[:10]
    what = ("waive", ident, "--reason", "upgrade is planned", "--owner", "platform", "--until", "2w")
    code, out, err = parity(*what)
    assert (code, out) == (2, "")
    assert "--yes waives" in err
    code, out, _err = parity(*what, "--preview", "--format", "text")
    assert code == 0
    assert "services/database" in out
    assert "Nothing was waived." in out
    monkeypatch.setattr("sys.stdin", Person("n\n"))
    code, out, err = parity(*what, "--format", "text")
    assert (code, "NOTHING WAIVED" in err) == (2, True)
    assert json.loads(parity("waivers")[1])["results"] == []
    monkeypatch.setattr("sys.stdin", Person("y\n"))
    code, out, err = parity(*what, "--format", "text")
    assert (code, out.splitlines()[-1].partition(":")[2]) == (0, " 1 drift, platform sees to it")


def test_a_waiver_that_is_agreed_to_is_made_and_listed(drifting: "Site", parity: Callable[..., Ran]) -> None:
    ident = known(drifting, "database")[:10]
    about = ("--reason", "upgrade is planned", "--owner", "platform", "--yes")
    code, out, err = parity("waive", ident, *about, "--until", "2099-01-31")
    assert (code, out) == (2, "")
    assert "/until invalid-waiver" in err
    code, out, err = parity("waive", ident, *about, "--until", "2w")
    assert code == 0
    assert json.loads(out)["covers"] == 1
    assert "services/database" in err
    head, row = parity("waivers", "--format", "text")[1].splitlines()
    assert head.split() == ["ID", "UNTIL", "HIDES", "WHAT", "PAIR", "OWNER", "MADE", "BY", "REASON"]
    for told in ("(soon)", "platform", "admin@example.com", "upgrade is planned"):
        assert told in row
    assert [each["name"] for each in json.loads(parity("drifts", "--state", "waived")[1])["results"]] == ["database"]
    ident = row.split()[0]
    code, out, err = parity("unwaive", ident)
    assert (code, out, "--yes ends" in err) == (2, "", True)
    assert [parity("unwaive", each, "--yes")[0] for each in ("ffffffff", ident[:3], "")] == [2, 2, 2]
    code, out, err = parity("unwaive", ident, "--yes", "--format", "text")
    assert (code, out.splitlines()[-1]) == (0, "ended: services/database:version, its drifts count again")
    assert "upgrade is planned" in out
    assert json.loads(parity("waivers")[1])["results"] == []
    assert json.loads(parity("drifts", "--state", "waived")[1])["results"] == []
    code, out, _err = parity("waive", "--all", "--pair", "staging..production", *about, "--format", "text")
    assert (code, out.splitlines()[-1]) == (0, "waived: 2 drifts, platform sees to them")


def test_what_stands_is_told_in_one_line_each(drifting: "Site", parity: Callable[..., Ran]) -> None:
    actors = [{"role": "trigger", "name": "Bo"}]
    deploy = {"environment": "production", "commit": "a" * 40, "release": "v1.4", "actors": actors}
    assert drifting.post(deploy, who="gate", path="/api/v1/projects/shop/deploys").status == 201
    for command, heading, told in (
        (("environments",), "ENVIRONMENT", "production"),
        (("projects",), "PROJECT", "shop"),
        (("deploys", "--environment", "production"), "AT (UTC)", "aaaaaaaaaa"),
        (("time", "staging..production"), "staging..production: ", "LEAD TIME P50"),
        (("gaps",), "PAIR", "staging..production"),
    ):
        code, out, err = parity(*command, "--format", "text")
        assert (code, err) == (0, ""), command
        assert out.startswith(heading)
        assert told in out
        assert json.loads(parity(*command)[1])


def test_gaps_are_one_line_a_pair(site: "Site", parity: Callable[..., Ran]) -> None:
    from django.utils import timezone

    from paritycheck.models import Pair, Project

    assert site.tokens
    shop = Project.objects.get(slug="shop")
    assert shop.baseline is not None
    Pair.objects.create(
        project=shop, coverage=0.94, parity=0.8199, counts={}, personnel={},
        left=shop.environments.get(slug="staging"), right=shop.environments.get(slug="production"),
        evaluated_at=timezone.now(),
        time={"value": 9 * 86_400, "band": "warning", "coverage": None, "waiting": 14, "state": "behind"},
    )  # fmt: skip
    head, row = parity("gaps", "--format", "text")[1].splitlines()[:2]
    assert head.split("  ")[0] == "PAIR"
    for told in ("staging..production", "14 commits, 9 d warning", "- unknown", "81 % ", "94 %"):
        assert told in row


def test_an_answer_of_another_form_is_no_answer(parity: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    for body in (b"{}", b'{"results":[{}],"next":null}', b'{"results":3}', b"[]"):
        reply = Answer(200, {"Content-Type": "application/json"}, body)
        monkeypatch.setattr(Connection, "request", lambda *_told, reply=reply: reply)
        for command in (("drifts",), ("drift", "a" * 10), ("gaps",), ("waivers",), ("time", "a..b"), ("deploys",)):
            code, out, err = parity(*command, "--format", "text")
            assert (code, out) == (3, ""), (command, body)
            assert "error:" in err
