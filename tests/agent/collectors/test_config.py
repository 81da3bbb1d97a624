"""Configuration: names and shapes by allow-list, in the order of precedence, and never a value."""

from __future__ import annotations

import fnmatch
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent import redact
from paritycheck_agent.collectors import config
from paritycheck_agent.context import Context
from paritycheck_agent.sources import configuration
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY, EXTRA = "11" * 32, "22" * 32
COMPOSE = """\
services:
  web:
    build: .
    env_file: web.env
    environment:
      DATABASE_URL: postgres://shop:${DB_PASSWORD}@db/shop
      FROM_COMPOSE: "yes"
      PASSED:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: secret-of-the-database}
"""


class Checkout:
    """A directory with files, and what the collector says of it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).write_text(text, encoding="utf-8")

    def collect(
        self, environ: Mapping[str, str] | None = None, *, candidate: bool = False, **tables: object
    ) -> dict[str, dict[str, Any]]:
        context = Context(str(self.root), environ or {}, tables, str(self.root / "state"), candidate=candidate)
        collected = config.collect(context)
        facts, _ = redact.clean("config", collected.facts)
        assert collected.covers == []
        body, evidence = split("config", collected.covers, facts, collected.warnings)
        assert check_body(body).count == len(facts)
        check_body(evidence)
        self.warnings = collected.warnings
        self.sent = body + evidence
        return {fact["name"]: fact for fact in facts}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_names_come_from_where_configuration_is_declared_and_set(checkout: Checkout) -> None:
    checkout.write({
        ".env.example": "DATABASE_URL=\n# note\nSENTRY_DSN=\nDEBUG=1\n",
        ".env": "DATABASE_URL=postgres://u:p@127.0.0.1/shop\nLOCAL=1\n",
        "app.json": '{"env": {"FROM_HEROKU": {"required": true}}}',
    })  # fmt: skip
    found = checkout.collect({"DEBUG": "True", "AMBIENT": "x", "PATH": "/bin"}, config={"names": ["TOLD"]})
    assert found == {
        "DATABASE_URL": {
            "name": "DATABASE_URL", "shape": "url", "scheme": "postgres", "host": "loopback", "length": "16-31",
            "declared": True, "sources": [".env:1", ".env.example:1"],
        },
        "DEBUG": {
            "name": "DEBUG", "shape": "bool", "length": "1-7", "plain": "True", "declared": True,
            "sources": ["env", ".env.example:4"],
        },
        "FROM_HEROKU": {"name": "FROM_HEROKU", "absent": True, "declared": True, "sources": ["app.json:1"]},
        "LOCAL": {"name": "LOCAL", "shape": "int", "length": "1-7", "sources": [".env:2"]},
        "SENTRY_DSN": {"name": "SENTRY_DSN", "absent": True, "declared": True, "sources": [".env.example:3"]},
        "TOLD": {"name": "TOLD", "absent": True, "sources": ["parity.toml"]},
    }  # fmt: skip


def test_the_process_wins_over_the_file_over_compose_over_the_image(checkout: Checkout) -> None:
    checkout.write({
        ".env": "A=file-\nB=file-\n",
        "compose.yaml": "services: {web: {build: ., environment: {A: compose, B: compose, C: compose, D: }}}",
        "Dockerfile": "FROM python:3.12\nENV A=image B=image C=image\nENV D=image E=image\n",
    })  # fmt: skip
    found = checkout.collect({"A": "p"}, config={"plain": ["?"]})
    assert {name: fact["plain"] for name, fact in found.items()} == {
        "A": "p", "B": "file-", "C": "compose", "D": "image",
    }  # fmt: skip
    assert found["A"]["sources"] == ["env", ".env:1", "compose.yaml:1", "Dockerfile:2"]


def test_compose_tells_of_the_application_not_of_what_backs_it(checkout: Checkout) -> None:
    checkout.write({"compose.yaml": COMPOSE, "web.env": "IN_FILE=1\nexport ALSO='x'\nBARE\n"})
    found = checkout.collect()
    assert set(found) == {"DATABASE_URL", "FROM_COMPOSE", "PASSED", "IN_FILE", "ALSO", "BARE"}
    assert found["PASSED"]["absent"] is True
    assert found["DATABASE_URL"]["sources"] == ["compose.yaml:6"]
    assert found["IN_FILE"]["sources"] == ["web.env:1"]


def test_set_but_empty_is_present_and_empty(checkout: Checkout) -> None:
    checkout.write({".env": "EMPTY=\nBLANK='  '\n"})
    found = checkout.collect({"EMPTY": ""})
    assert (found["EMPTY"]["shape"], found["EMPTY"]["length"], found["EMPTY"]["sources"]) == (
        "empty",
        "0",
        ["env", ".env:1"],
    )
    assert found["BLANK"]["shape"] == "empty"


def test_the_last_of_two_lines_counts_and_references_are_followed(checkout: Checkout) -> None:
    checkout.write({".env": "A=one\nA=three\nHOST=db\nX_URL=redis://${HOST}/${NUMBER:-3}\n"})
    found = checkout.collect(config={"plain": ["A"]})
    assert (found["A"]["plain"], found["A"]["sources"]) == ("three", [".env:2"])
    assert (found["X_URL"]["host"], found["X_URL"]["scheme"], found["X_URL"]["length"]) == ("name", "redis", "8-15")


def test_references_that_double_line_by_line_fill_no_memory_and_are_told(checkout: Checkout) -> None:
    """Forty lines of this form would be ten terabytes."""
    rows = "A0=0123456789\n" + "".join(f"A{number}=${{A{number - 1}}}${{A{number - 1}}}\n" for number in range(1, 40))
    checkout.write({".env": rows})
    found = checkout.collect()
    assert found["A12"]["length"] == found["A39"]["length"] == "64+"
    [warning] = checkout.warnings
    assert warning.startswith(".env: ")
    assert warning.endswith("of its values refer to others that are too long: taken as written")


def test_a_file_of_settings_over_a_megabyte_is_a_warning(checkout: Checkout) -> None:
    checkout.write({".env": "A=1\n" + "#" * 1024 * 1024, "compose.yaml": "services: {web: {build: ., env_file: .env}}"})
    assert checkout.collect() == {}
    assert checkout.warnings == [".env is not read: too-large"]


def test_the_keys_of_a_large_manifest_know_their_lines_and_take_little_cpu(checkout: Checkout) -> None:
    """Looked for from its beginning each, the names of a megabyte would take a minute."""
    names = [f"KEY_{number:05}" for number in range(40_000)]
    manifest = {"name": "KEY_00000", "env": dict.fromkeys(names, "some value")}
    text = json.dumps(manifest, indent=0, separators=(",", ":"))
    assert 1_000_000 < len(text) <= 1024 * 1024
    checkout.write({"app.json": text})
    started = time.process_time()
    found = configuration.read(Context(str(checkout.root), {}, {}, str(checkout.root / "state")))
    assert time.process_time() - started < 5
    rows = text.split("\n")
    for name in (names[0], names[20_000], names[-1]):
        [source] = found.variables[name].sources
        assert rows[int(source.rpartition(":")[2]) - 1].startswith(f'"{name}"')


def test_globs_ask_the_process_but_not_for_ambient_names(checkout: Checkout) -> None:
    environ = {"FEATURE_A": "1", "FEATURE_B": "0", "OTHER": "1", "CI_X": "1", "KUBERNETES_PORT": "1"}
    assert set(checkout.collect(environ, config={"names": ["FEATURE_*", "C*", "K*"]})) == {"FEATURE_A", "FEATURE_B"}


@given(
    st.text("AB_*?[]", max_size=5),
    st.lists(st.text("AB_*?[]", max_size=4), max_size=3),
)
def test_globs_are_those_of_fnmatch(name: str, globs: list[str]) -> None:
    assert config._Globs(globs).fit(name) == any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def test_names_with_an_expectation_are_asked_for(checkout: Checkout) -> None:
    tools = {
        "config": {
            "expect": "present",
            "same": ["TIME_ZONE", "FEATURE_*"],
            "only-in": {"development": ["DEV"]},
            "X": "same",
        }
    }
    assert set(checkout.collect(tools=tools)) == {"TIME_ZONE", "DEV", "X"}


def test_a_candidate_needs_what_it_declares_and_nothing_of_this_host(checkout: Checkout) -> None:
    checkout.write(
        {".env.example": "NEW_KEY=\n", ".env": "LOCAL=1\n", "compose.yaml": COMPOSE, "web.env": "IN_FILE=1\n"}
    )
    found = checkout.collect({"NEW_KEY": "x", "PASSED": "x"}, candidate=True)
    assert found["NEW_KEY"] == {"name": "NEW_KEY", "declared": True, "sources": [".env.example:1"]}
    assert set(found) == {"NEW_KEY", "DATABASE_URL", "FROM_COMPOSE", "PASSED", "IN_FILE"}
    assert all(set(fact) <= {"name", "declared", "sources"} for fact in found.values())


def test_a_candidate_draws_in_no_file_from_outside(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secrets"
    outside.write_text("LEAKED=1\n")
    checkout.write({"compose.yaml": f"services: {{web: {{build: ., env_file: {outside}}}}}"})
    assert checkout.collect(candidate=True) == {}
    assert set(checkout.collect()) == {"LEAKED"}


def test_long_odd_or_secret_values_are_never_plain(checkout: Checkout) -> None:
    values = {
        "A_LOG_LEVEL": "x" * 65, "B_LOG_LEVEL": "redis://u:p@h", "C_LOG_LEVEL": "ghp_0123456789abcdef",
        "D_LOG_LEVEL": "info", "LOG_LEVEL": "warning",
    }  # fmt: skip
    checkout.write({".env": "".join(f"{name}={value}\n" for name, value in values.items())})
    found = checkout.collect()
    assert {name for name, fact in found.items() if "plain" in fact} == {"D_LOG_LEVEL", "LOG_LEVEL"}


def test_names_that_look_like_secrets_are_left_out_and_counted(checkout: Checkout) -> None:
    checkout.write({".env": "ghp_0123456789abcdef=1\nGOOD=1\nX.Y-Z=1\n'not a name'=1\n"})
    assert set(checkout.collect()) == {"GOOD", "X.Y-Z"}
    assert checkout.warnings == ["1 name left out: no variable can be called so"]
    context = Context(str(checkout.root), {}, {}, "", candidate=False)
    _, warnings = redact.clean("config", config.collect(context).facts)
    assert warnings == ["1 fact left out: the name looks like it holds a secret"]


def test_fingerprints_are_made_with_every_key_and_of_long_values_only(checkout: Checkout, tmp_path: Path) -> None:
    value = "a-value-of-some-length"
    checkout.write({".env": f"SECRET_KEY={value}\nSHORT=short\nNUMBER=12345678901234567890\n"})
    (tmp_path / "key").write_text(f"{KEY}\n{EXTRA}\n")
    found = checkout.collect({"PARITY_KEY_FILE": str(tmp_path / "key")})
    expected = [redact.fingerprint(bytes.fromhex(key), "SECRET_KEY", value) for key in (KEY, EXTRA)]
    assert found["SECRET_KEY"]["fps"] == expected
    assert [name for name, fact in found.items() if "fps" in fact] == ["SECRET_KEY"]
    by_table = checkout.collect(fingerprints={"key-file": "key"})
    assert by_table["SECRET_KEY"]["fps"] == expected
    some = checkout.collect(fingerprints={"key-file": "key"}, config={"fingerprint": ["OTHER_*"]})
    assert "fps" not in some["SECRET_KEY"]


def test_a_key_that_cannot_be_used_is_said_and_costs_the_fingerprints_only(checkout: Checkout) -> None:
    checkout.write({".env": "SECRET_KEY=a-value-of-some-length\n", "key": "not a key"})
    found = checkout.collect(fingerprints={"key-file": "key"})
    assert "fps" not in found["SECRET_KEY"]
    assert len(checkout.warnings) == 1
    assert checkout.warnings[0].startswith("no fingerprints: ")
    assert "not a key" not in checkout.warnings[0]


def test_names_alone_are_told_where_the_mode_says_so(checkout: Checkout) -> None:
    checkout.write({".env": "A=postgres://x\nE=\n"})
    found = checkout.collect({"PARITY_KEY": KEY}, config={"mode": "name"})
    assert found["A"] == {"name": "A", "sources": [".env:1"]}
    assert found["E"]["shape"] == "empty"


NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)
SECRETS = st.from_regex(r"[A-Za-z0-9!#%+~^,;:@/?&=-]{12,40}", fullmatch=True)


@given(
    pairs=st.dictionaries(NAMES, SECRETS, max_size=8), where=st.sampled_from([".env", ".env.example", "compose", "env"])
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_value_is_in_what_is_sent(checkout: Checkout, pairs: dict[str, str], where: str) -> None:
    for path in checkout.root.iterdir():
        path.unlink()
    environ = {}
    if where == "compose":
        doubled = {name: value.replace("$", "$$") for name, value in pairs.items()}
        checkout.write({"compose.yaml": json.dumps({"services": {"web": {"build": ".", "environment": doubled}}})})
    elif where == "env":
        checkout.write({".env.example": "".join(f"{name}=\n" for name in pairs)})
        environ = pairs
    else:
        checkout.write({where: "".join(f"{name}='{value}'\n" for name, value in pairs.items())})
    found = checkout.collect(environ)
    assert set(found) == set(pairs)
    assert not any(value.encode() in checkout.sent for name, value in pairs.items() if "plain" not in found[name])
