"""parity.toml: the grammar of DESIGN.md, and each mistake with its line and column."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.policy import Mistake, PolicyError, default_policy, read_policy

EXAMPLE = """\
[project]
name = "shop"
baseline = "production"

[environments.laptops]
tier = "development"
kind = "cohort"

[time]
max_age = { staging = "24h", development = "7d" }     # age of the oldest undelivered change
[personnel]
mode = "involve"                                       # involve | segregate | off
window = "90d"
[tools.services]
"*" = "same-minor"
postgresql = "same-major"
[tools.dependencies]
direct = "same"
transitive = "same-minor"
ignore = ["pkg:pypi/pytest*", "pkg:npm/eslint*"]
[tools.config]
expect = "present"
only-in = { development = ["DEBUG_TOOLBAR_*"] }
same = ["TIME_ZONE", "FEATURE_*"]
must-differ = ["SECRET_KEY", "*_PASSWORD", "*_TOKEN"]

[owners]                                               # most specific glob wins, as above
"services/*" = "platform"
[teams]
platform = ["ann@example.com", "bo@example.com"]

[[waivers]]
match = "services/search:version"
pair = "development..production"
reason = "upgrade planned, OPS-118"
owner = "maria@example.com"
until = 2026-12-31
"""


def mistakes(text: str) -> list[Mistake]:
    with pytest.raises(PolicyError) as caught:
        read_policy(text)
    return caught.value.errors


def said(text: str) -> list[tuple[int, int, str]]:
    return [(one["line"], one["column"], one["detail"]) for one in mistakes(text)]


def test_the_designs_own_example_reads_whole() -> None:
    policy = read_policy(EXAMPLE)
    assert (policy.name, policy.baseline, policy.mode, policy.window_s) == ("shop", "production", "involve", 90 * 86400)
    assert (policy.environments["laptops"].tier, policy.environments["laptops"].kind) == ("development", "cohort")
    assert policy.max_age == {"staging": 86400, "development": 7 * 86400}
    assert policy.tools["dependencies"].fallbacks == {"direct": "same", "transitive": "same-minor"}
    assert [pattern for pattern, _ in policy.tools["dependencies"].globs] == ["pkg:pypi/pytest*", "pkg:npm/eslint*"]
    toolbar = policy.tools["config"].globs.find("DEBUG_TOOLBAR_PANELS")
    assert toolbar is not None
    assert toolbar.value == ("absent", ("development",))
    assert policy.owner("services", "database") == "platform"
    assert policy.owner("config", "DEBUG") is None
    assert policy.teams["platform"] == ("ann@example.com", "bo@example.com")
    waiver = policy.waivers[0]
    assert (waiver.match, waiver.pair, waiver.line) == ("services/search:version", "development..production", 32)
    assert waiver.until == dt.datetime(2027, 1, 1, tzinfo=dt.UTC), "a date counts to its end"


def test_an_empty_file_is_the_default_policy() -> None:
    assert read_policy("").tools == default_policy().tools == {}
    assert default_policy().grace_s == 30 * 60
    assert default_policy().unknown_after_s == 86400


def test_grace_and_freshness() -> None:
    policy = read_policy('[tools]\ngrace = "1h"\n[freshness]\nunknown-after = "2d"')
    assert (policy.grace_s, policy.unknown_after_s) == (3600, 2 * 86400)


def test_the_same_table_in_pyproject_toml_reads_the_same() -> None:
    text = """[project]
name = "other"
dependencies = ["x"]
[tool.parity.project]
name = "shop"
[tool.parity.tools.config]
expct = "present"
"""
    assert said(text) == [(7, 1, "`expct` is not known here. Did you mean `expect`?")]
    assert read_policy(text.replace("expct", "expect")).name == "shop"


def test_tables_of_the_agent_are_none_of_the_policys_business() -> None:
    assert read_policy("[agent]\ninterval = 60\n[release]\nsubjects = false").tools == {}
    assert read_policy('[docker]\nenabled = true\n[processes]\nunits = ["shop-web"]').tools == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"same-major"', '"same-magor"', (16, 14, "`same-magor` is no expectation. Did you mean `same-major`?")),
        ("[[waivers]]", "[[wavers]]", (32, 3, "`wavers` is not known here. Did you mean `waivers`?")),
        ('direct = "same"', 'drect = "same"', (18, 1, "`drect` is not known here. Did you mean `direct`?")),
        ("must-differ =", "must-difer =", (25, 1, "`must-difer` is not known here. Did you mean `must-differ`?")),
        ("tier =", "teir =", (6, 1, "`teir` is not known here. Did you mean `tier`?")),
        ('"cohort"', '"cohorte"', (7, 8, "`cohorte` is no kind. Did you mean `cohort`?")),
        (
            'staging = "24h"',
            'staging = "soon"',
            (10, 23, "a duration is a number and a unit, such as 30m, 24h, 7d or 2w"),
        ),
        ('"services/search', '"servces/search', (33, 9, "this is no section. Did you mean `services`?")),
        ("search:version", "search:versoin", (33, 9, "`versoin` is no rule. Did you mean `version`?")),
        (
            '"development..production"',
            '"development-production"',
            (34, 8, "a pair is two environments, the baseline last, such as `staging..production`"),
        ),
        (
            'reason = "upgrade planned, OPS-118"\n',
            "",
            (32, 3, "`reason` is missing: a waiver needs match, reason and owner"),
        ),
        (
            "until = 2026-12-31\n",
            "",
            (32, 3, "a waiver needs an end: `until`, `until-changes` or `until-converged`"),
        ),
        ("2026-12-31", '"2026-02-31"', (37, 9, "`until` is a date, such as 2026-12-31")),
        ("[tools.services]", "[tools.service]", (14, 8, "`service` is not known here. Did you mean `services`?")),
        ('"FEATURE_*"]', "3]", (24, 22, "a pattern is a text")),
        (
            '"pkg:pypi/pytest*"',
            '"pytest*"',
            (20, 11, "packages go by purl, such as `pkg:pypi/django` or `pkg:npm/@types/*`"),
        ),
    ],
)
def test_a_mistake_is_told_with_line_column_and_what_was_meant(
    old: str, new: str, expected: tuple[int, int, str]
) -> None:
    assert EXAMPLE.count(old) == 1
    assert said(EXAMPLE.replace(old, new)) == [expected]


def test_every_mistake_is_told_at_once_in_the_order_of_the_text() -> None:
    text = EXAMPLE.replace("same-major", "major").replace('involve"', 'involved"').replace("[teams]", "[team]")
    assert [line for line, _, _ in said(text)] == [12, 16, 29]


def test_at_most_twenty_mistakes_are_told() -> None:
    assert len(mistakes("[tools.services]\n" + "".join(f'n{n} = "equal"\n' for n in range(50)))) == 20


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("a = = 1", 1, 5), ("[project]\nname = 'x'\nname = 'y'", 3, 11), ("[tools\n", 1, 7), ("x = [1,", 1, 8)],
)
def test_a_mistake_of_syntax_has_its_place_too(text: str, line: int, column: int) -> None:
    assert [(one["line"], one["column"]) for one in mistakes(text)] == [(line, column)]


@pytest.mark.parametrize(
    ("pattern", "detail"),
    [
        ("A" * 257, "a pattern has at most 256 characters"),
        ("A[BC", "`[` without `]`"),
        ("A[!]BC", "`[` without `]`"),
        ("A\\u0007B", "a pattern has no control characters"),
        ("A\\u202eB", "a pattern has no control characters"),
    ],
)
def test_a_pattern_beyond_the_limits_is_a_mistake(pattern: str, detail: str) -> None:
    assert said(f'[tools.config]\nignore = ["{pattern}"]') == [(2, 11, detail)]


def test_brackets_that_close_are_taken() -> None:
    assert len(read_policy('[tools.config]\nignore = ["A[BC]", "B[]]C", "C[!]]D"]').tools["config"].globs) == 3


def test_the_201st_pattern_is_a_mistake_wherever_it_stands() -> None:
    names = ", ".join(f'"N{number}"' for number in range(199))
    assert read_policy(f'[tools.config]\nignore = [{names}]\n[owners]\n"config/*" = "ann"').tools
    assert said(f'[tools.config]\nignore = [{names}]\n[owners]\n"config/*" = "ann"\n"runtime/*" = "bo"') == [
        (5, 1, "more than 200 patterns")
    ]


def test_a_tie_between_two_demands_names_both_lines() -> None:
    text = '[tools.config]\nsame = ["A*X?"]\nmust-differ = ["A?*X"]\n'
    assert said(text) == [(3, 16, "`A?*X` ties with `A*X?` of line 2: neither is more specific")]


def test_one_name_under_two_demands_is_a_tie_and_under_one_demand_twice_is_none() -> None:
    assert said('[tools.config]\nsame = ["TZ"]\nignore = ["TZ"]')[0][:2] == (3, 11)
    assert read_policy('[tools.config]\nsame = ["TZ", "TZ"]\nignore = ["*A*", "*B*"]').tools
    places = (
        read_policy('[tools.config]\nonly-in = { ci = ["X"], development = ["X"] }').tools["config"].globs.find("X")
    )
    assert places is not None
    assert places.value.places == ("ci", "development")


def test_a_waiver_of_a_package_is_not_taken_for_one_of_a_rule() -> None:
    waiver = '[[waivers]]\nmatch = "dependencies/pkg:pypi/django"\nreason = "r"\nowner = "o"\nuntil-changes = true'
    assert read_policy(waiver).waivers[0].match == "dependencies/pkg:pypi/django"
    assert read_policy(waiver).waivers[0].until_changes


def test_an_at_sign_of_an_npm_scope_is_read_as_a_purl_writes_it() -> None:
    globs = read_policy('[tools.dependencies]\nignore = ["pkg:npm/@types/*"]').tools["dependencies"].globs
    assert globs.find("pkg:npm/%40types/node") is not None


def test_what_was_written_is_said_back_only_where_it_is_short_and_plain() -> None:
    secret = "hunter2 is my <b>password</b>"
    assert all(secret not in one["detail"] for one in mistakes(f'[tools.services]\ndatabase = "{secret}"'))
    assert all(secret not in one["detail"] for one in mistakes(f'a = 1\n["{secret}"]\nb = 1\n["{secret}"]\nc = 2'))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000,
        "a=" + "[" * 30_000 + "]" * 30_000,
        "a." * 30_000 + "b=1",
        "x" * 70_000,
        "[[a]]\n" * 10_000,
        "a={" * 20_000,
    ],
)
def test_a_hostile_text_is_a_mistake_and_soon(text: str) -> None:
    before = time.process_time()
    assert mistakes(text)
    assert time.process_time() - before < 2


@given(st.text(st.sampled_from("[]{}\"'=,.#\n abtools-services*1"), max_size=80))
def test_any_text_is_a_policy_or_a_policy_error_with_places_in_the_text(text: str) -> None:
    try:
        read_policy(text)
    except PolicyError as error:
        lines = text.split("\n")
        for one in error.errors:
            assert 0 <= one["line"] <= len(lines)
            assert 0 <= one["column"] <= len(lines[one["line"] - 1]) + 1


def test_scopes_are_globs_by_name() -> None:
    policy = read_policy('[scopes]\napi = ["services/api", "libs/*"]\nweb = "web"')
    assert policy.scopes == {"api": ("services/api", "libs/*"), "web": ("web",)}
    assert default_policy().scopes == {}


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("api = 3", 7, "is a list"),
        ("api = [3]", 8, "a pattern is a text"),
        ('api = "[x"', 7, "without"),
        ('"A b" = "x"', 9, "is a name of a to z"),
        ("\n".join(f's{number} = "x"' for number in range(21)), 2, "at most 20 scopes"),
    ],
)
def test_a_mistake_in_a_scope_has_its_place(line: str, column: int, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(f"[scopes]\n{line}")
    (mistake,) = caught.value.errors
    assert (mistake["column"], words in mistake["detail"]) == (column, True)
