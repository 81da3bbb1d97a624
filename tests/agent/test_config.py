"""What a run is told: files, variables, and mistakes with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck_agent import config
from paritycheck_agent.config import ConfigError, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PARITY_STATE_DIR": str(tmp_path / "state")}


def write(root: Path, name: str, text: str) -> Path:
    (root / name).write_text(text)
    return root


def test_parity_toml_wins_over_pyproject(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, "pyproject.toml", '[tool.parity.project]\nname = "other"\n')
    assert load(str(tmp_path), environ).project() == "other"
    write(tmp_path, "parity.toml", '[project]\nname = "shop"\n')
    loaded = load(str(tmp_path), environ)
    assert loaded.project() == "shop"
    assert loaded.policy == b'[project]\nname = "shop"\n'


def test_a_pyproject_without_our_table_is_not_even_parsed(tmp_path: Path, environ: dict[str, str]) -> None:
    loaded = load(str(write(tmp_path, "pyproject.toml", "this is = = no toml")), environ)
    assert loaded.settings == {}
    assert loaded.policy is None


def test_the_policy_of_pyproject_is_sent_as_a_document_of_its_own(tmp_path: Path, environ: dict[str, str]) -> None:
    text = '[project]\nname = "x"\nversion = "1"\n[tool.parity.tools.services]\n"*" = "same"\n'
    loaded = load(str(write(tmp_path, "pyproject.toml", text)), environ)
    assert loaded.policy == b'\n\n\n[tools.services]\n"*" = "same"\n'


MISTAKES = [
    ('[project]\nname = = "x"\n', "parity.toml:2:8"),
    ('[project]\nname = "x"\nname = "y"\n', "parity.toml:3"),
    ('[agent]\npython = "x"\ncollect = ["wheather"]\n', "parity.toml:3:1"),
    ("[release]\n\n  subjects = 1\n", "parity.toml:3:3"),
    ("agent = 3\n", "parity.toml:1:1"),
    ('[docker]\nlabel = "a=b"\nenabled = "yes"\n', "parity.toml:3:1"),
    ("[docker]\nlabel = 1\n", "parity.toml:2:1"),
    ('[processes]\nunits = "web"\n', "parity.toml:2:1"),
]


@pytest.mark.parametrize(("text", "place"), MISTAKES)
def test_a_mistake_is_told_with_file_line_and_column(
    tmp_path: Path, environ: dict[str, str], text: str, place: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(write(tmp_path, "parity.toml", text)), environ)
    assert caught.value.where.startswith(place)


def test_a_mistake_in_pyproject_has_the_line_of_pyproject(tmp_path: Path, environ: dict[str, str]) -> None:
    text = '[project]\nname = "x"\n\n[tool.parity.release]\nsubjects = "yes"\n'
    with pytest.raises(ConfigError) as caught:
        load(str(write(tmp_path, "pyproject.toml", text)), environ)
    assert caught.value.where == "pyproject.toml:5:1"


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "parity.toml").write_bytes(b"[project]\nname = '\xff'\n")
    with pytest.raises(ConfigError, match=r"parity\.toml:2: not UTF-8"):
        load(str(tmp_path), environ)


def test_a_policy_over_the_limit_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, "parity.toml", "# " + "x" * 65_536)
    with pytest.raises(ConfigError, match="more than 64 KiB"):
        load(str(tmp_path), environ)


def test_a_file_read_before_is_not_parsed_again(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "parity.toml", '[project]\nname = "shop"\n[[waivers]]\nuntil = 2026-12-31\n')
    first = load(str(tmp_path), environ).settings
    monkeypatch.setattr(config, "_parse", lambda *_: pytest.fail("parsed again"))
    assert load(str(tmp_path), environ).settings == first
    write(tmp_path, "parity.toml", '[project]\nname = "shop2"\n')
    with pytest.raises(pytest.fail.Exception):
        load(str(tmp_path), environ)


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"digest": 1}', '{"digest": "x", "settings": 3}', "[" * 100_000])
def test_a_damaged_cache_is_no_reason_to_fail(tmp_path: Path, environ: dict[str, str], kept: str) -> None:
    (tmp_path / "state").mkdir()
    write(tmp_path / "state", "settings.json", kept)
    assert load(str(write(tmp_path, "parity.toml", '[project]\nname = "shop"\n')), environ).project() == "shop"


def test_a_state_directory_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environ = {"PARITY_STATE_DIR": str(tmp_path / "file" / "state")}
    assert load(str(write(tmp_path, "parity.toml", '[project]\nname = "shop"\n')), environ).project() == "shop"


BAD_URLS = [
    "", "parity.example", "ftp://parity.example", "https://", "https://user:hunter2@parity.example",
    "https://parity.example/?a=hunter2", "https://parity.example:x", "https://parity.example:70000",
    "https://parity.example/#x", "https://parity.exa mple", "https://paríty.example",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_cannot_be_a_servers_is_refused_and_not_repeated(
    tmp_path: Path, environ: dict[str, str], url: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(tmp_path), {**environ, "PARITY_URL": url}).url()
    assert caught.value.where == "PARITY_URL"
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://parity.example/", "http://127.0.0.1:8000", "https://[::1]:8443/parity/"])
def test_a_good_address_loses_its_last_slash(tmp_path: Path, environ: dict[str, str], url: str) -> None:
    assert load(str(tmp_path), {**environ, "PARITY_URL": url}).url() == url.rstrip("/")


def test_a_checkout_cannot_say_where_the_token_goes(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, "parity.toml", '[agent]\nurl = "https://evil.example"\n')
    with pytest.raises(ConfigError, match="no server to talk to"):
        load(str(tmp_path), environ).url()


def test_a_token_is_read_from_a_file(tmp_path: Path, environ: dict[str, str]) -> None:
    path = write(tmp_path, "token", "pca_x\n") / "token"
    path.chmod(0o600)
    loaded = load(str(tmp_path), {**environ, "PARITY_TOKEN_FILE": str(path)})
    assert loaded.token() == "pca_x"
    assert loaded.warnings == []


def test_a_token_that_others_can_read_is_warned_of_and_one_they_can_write_is_refused(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    path = write(tmp_path, "token", "pca_x\n") / "token"
    loaded = load(str(tmp_path), {**environ, "PARITY_TOKEN_FILE": str(path)})
    path.chmod(0o644)
    assert loaded.token() == "pca_x"
    assert "others may read" in loaded.warnings[0]
    path.chmod(0o620)
    with pytest.raises(ConfigError, match="others may write"):
        loaded.token()


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\nb", "tökén"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(
    tmp_path: Path, environ: dict[str, str], token: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(tmp_path), {**environ, "PARITY_TOKEN": token}).token()
    assert token.strip() == "" or token not in str(caught.value)


def test_a_token_of_odd_form_is_left_to_the_server(tmp_path: Path, environ: dict[str, str]) -> None:
    assert load(str(tmp_path), {**environ, "PARITY_TOKEN": "whatever"}).token() == "whatever"


def test_collectors_do_not_see_the_token(tmp_path: Path, environ: dict[str, str]) -> None:
    loaded = load(str(tmp_path), {**environ, "PARITY_TOKEN": "pca_x", "A": "1"})
    assert loaded.public_environ() == {**environ, "A": "1"}


def test_a_missing_directory_and_a_missing_ca_file_are_told(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="no such directory"):
        load(str(tmp_path / "none"), environ)
    with pytest.raises(ConfigError, match="no such file of certificates"):
        load(str(tmp_path), environ, ca_file=str(tmp_path / "ca.pem"))


def test_no_project_says_what_to_do(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="parity init"):
        load(str(tmp_path), environ).project()


def test_state_lives_where_xdg_says() -> None:
    assert config.state_home({"XDG_STATE_HOME": "/x"}) == "/x/paritycheck"
    assert config.state_home({"XDG_STATE_HOME": "/x", "PARITY_STATE_DIR": "/y"}) == "/y"
