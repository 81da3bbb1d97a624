"""The manual holds true: commands, addresses and files are taken by what they are for, lists are the code's."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from django.core.management import CommandError, load_command_class
from django.urls import Resolver404, resolve
from typing_extensions import override

from paritycheck.core.policy import read_policy
from paritycheck.core.policy_reading import Reading
from paritycheck.local import demo, diff, up
from paritycheck.web import agent_reference, manual_index, policy_reference
from paritycheck.web.manual_pages import LEAVES, PARTS
from paritycheck_agent.cli.arguments import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "agents/README.md", "CONTRIBUTING.md")
LOCAL: dict[str, Any] = {"up": up, "demo": demo, "diff": diff}
ENVIRONMENT = re.compile(r"^[A-Z][A-Z0-9_]*=")


page_of = cache(manual_index.html_of)


class _Blocks(HTMLParser):
    """The text of every `pre`, with its language; a line of code is a span of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[tuple[str, list[str]]] = []
        self._open = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            self._open = True
            self.blocks.append((dict(attrs).get("data-language") or "", []))
        elif tag == "span" and self._open:
            self.blocks[-1][1].append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._open = False

    @override
    def handle_data(self, data: str) -> None:
        if self._open:
            lines = self.blocks[-1][1]
            if lines:
                lines[-1] += data
            else:
                lines.append(data)


def blocks() -> Iterator[tuple[str, str, str]]:
    """(where, language, text) of each block of the manual and of the READMEs."""
    for leaf in LEAVES:
        if leaf.slug == "commands":
            continue  # What `--help` prints is no command.
        found = _Blocks()
        found.feed(page_of(leaf))
        for language, lines in found.blocks:
            yield f"docs/{leaf.slug}", language, "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")
    for name in READMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield name, language, block
        for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE):
            yield name, "sh", re.sub(r"^    ", "", block, flags=re.MULTILINE)


def commands() -> Iterator[tuple[str, list[str]]]:
    """(where, words) of each command line that begins with one of our programs or curl."""
    for where, language, text in blocks():
        if language in {"", "sh", "bash", "console", "shell"}:
            for line in text.replace("\\\n", " ").split("\n"):
                yield from ((where, words) for words in _commands(line))


def _commands(line: str) -> Iterator[list[str]]:
    """The commands of a line: parts of a pipe, without variables before them and redirections behind."""
    try:
        words = shlex.split(line.removeprefix("$ "), comments=True)
    except ValueError:
        return
    part: list[str] = []
    for word in [*words, "|"]:
        if word in {"|", "&&", "||", ";"}:
            while part and ENVIRONMENT.match(part[0]):
                part = part[1:]
            if part:
                yield part
            part = []
        else:
            part.append(word)


def ours(*names: str) -> list[tuple[str, list[str]]]:
    return [(where, words) for where, words in commands() if words[0].rpartition("/")[2] in names]


def without_redirections(words: list[str]) -> list[str]:
    """The arguments of a command, up to where its output goes."""
    ends = [at for at, word in enumerate(words) if word in {">", "2>", "<", ">>", "&"} or word.startswith(("2>", ">"))]
    return words[1 : min(ends, default=len(words))]


def test_every_parity_command_is_taken_by_the_parser() -> None:
    lines = ours("parity")
    assert len(lines) > 20
    faults = {" ".join([where, *words]): _refused(parse, without_redirections(words)) for where, words in lines}
    assert {line: told for line, told in faults.items() if told} == {}


def _refused(take: Callable[[list[str]], Any], words: list[str]) -> str:
    """What a parser says against a command line; nothing where it takes it."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        try:
            take(words)
        except SystemExit as ended:
            return told.getvalue() if ended.code else ""
        except (CommandError, ModuleNotFoundError) as error:
            return str(error) or "refused"
    return ""


def test_every_paritycheck_command_is_taken_by_its_parser() -> None:
    lines = ours("paritycheck")
    assert len(lines) > 5
    faults = {" ".join([where, *words]): _refused(_take, without_redirections(words)) for where, words in lines}
    assert {line: told for line, told in faults.items() if told} == {}


def _take(words: list[str]) -> None:
    """As `python -m paritycheck` would, without running anything."""
    name, *rest = words
    if name in LOCAL:
        LOCAL[name]._parser().parse_args(rest)
        return
    contrib = "django.contrib.auth" if name in {"changepassword", "createsuperuser"} else "paritycheck"
    place = "django.core" if name in {"migrate", "check"} else contrib
    command = load_command_class(place, name.replace("-", "_"))
    command.create_parser("paritycheck", name).parse_args(_without_data(rest))


def _without_data(rest: list[str]) -> list[str]:
    """`--data DIR` is taken by `paritycheck` itself, before the command."""
    at = rest.index("--data") if "--data" in rest else len(rest)
    return rest[:at] + rest[at + 2 :]


def test_every_make_target_and_variable_is_in_the_makefile() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    variables = set(re.findall(r"^([A-Z]+) \?=", text, re.MULTILINE))
    lines = ours("make")
    assert len(lines) > 5
    for where, words in lines:
        for word in without_redirections(words):
            name, equals, _ = word.partition("=")
            assert name in (variables if equals else targets), f"{where}: {' '.join(words)}"


def test_every_address_of_this_server_is_served(settings: Any) -> None:
    public = re.escape(settings.PUBLIC_URL)
    sources = {f"docs/{leaf.slug}": unescape(re.sub(r"<[^>]+>", " ", page_of(leaf))) for leaf in LEAVES}
    sources |= {name: (ROOT / name).read_text(encoding="utf-8") for name in READMES}
    asked = [
        (where, found.group(1) or found.group(2))
        for where, text in sources.items()
        for found in re.finditer(rf"{public}(/[^\s\"'`]+)|(?<![\w/.])(/(?:api/v1|p/shop|docs)/[^\s\"'`]*)", text)
    ]
    # The API's own list is made of its routes.
    asked = [(where, address) for where, address in asked if "{" not in address or where != "docs/api"]
    assert len(asked) > 30
    for where, address in asked:
        # What every address of the API begins with is none itself.
        path = urlsplit(re.sub(r"<[\w ]+>|\{[\w ]+\}|\$\w+", "x", address.rstrip(".,;:)…"))).path
        assert path.rstrip("/") == "/api/v1" or _is_served(path), f"{where}: {address} leads nowhere"


def _is_served(path: str) -> bool:
    """Whether an address has a view, `x` in it being any name or id."""
    for tried in (path, re.sub(r"/x(?=/|$)", "/00000000-0000-0000-0000-000000000000", path)):
        with contextlib.suppress(Resolver404):
            resolve(tried)
            return True
    return False


def test_every_file_that_is_shown_is_read_by_what_reads_it() -> None:
    """A policy by the policy's reader, projects by theirs, YAML by YAML's."""
    from paritycheck.core import project_file
    from paritycheck.services.kinds import KINDS

    read = {"policy": 0, "projects": 0, "yaml": 0}
    for where, language, text in blocks():
        first = next((line for line in text.split("\n") if line.strip() and not line.startswith("#")), "")
        if "[[project]]" in text and first.startswith("["):
            project_file.read(text, {kind: entry.fields for kind, entry in KINDS.items()})
            read["projects"] += 1
        elif language == "toml" or re.match(r"\[+[a-z]", first):
            read_policy(text)
            read["policy"] += 1
        elif language in {"yaml", "yml"} or (re.match(r"[\w.-]+:(?: |$)", first) and where == "docs/pipelines"):
            assert yaml.safe_load(text), where
            read["yaml"] += 1
    assert read["policy"] > 20
    assert read["projects"] >= 1
    assert read["yaml"] >= 4


def test_the_policy_page_has_every_key_that_the_readers_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers are asked: what they let pass in a table is what the page tells of it."""
    from paritycheck_agent.runner.lint_policy import OWN

    known: dict[str, set[str]] = {}
    entries = Reading.entries

    def asked(self: Reading, path: Any, value: Any, words: Any) -> Any:
        heads = [part for part in path if isinstance(part, str)]
        known.setdefault(heads[0] if heads else "", set()).update(words)
        return entries(self, path, value, words)

    monkeypatch.setattr(Reading, "entries", asked)
    for table in policy_reference.POLICY:
        read_policy(table.example)
    told = {table.title.partition(".")[0]: {key.name for key in table.keys} for table in policy_reference.POLICY}
    told["tools"] |= {"dependencies", "services", "config", "processes", "runtime", "migrations", "grace"}
    agents = {table.title.partition(".")[0]: {key.name for key in table.keys} for table in policy_reference.AGENT}
    assert known[""] == {*told, *agents, "collect", "migrations", "runtime"}
    for name, words in known.items():
        # Of `[project]` the agent and the server read what is its own, too.
        assert not name or words - {"repository", "scopes", "url"} <= told[name], name
    for name, keys in OWN.items():
        assert set(keys or ()) == agents[name], name


def test_the_lists_of_readers_are_those_of_the_agent() -> None:
    shown = agent_reference.shown()
    packages = ROOT / "agents" / "paritycheck_agent"
    for part, folder in (("probes", "probes"), ("locks", "locks"), ("migrators", "migrators")):
        assert len(shown[part]) == len([path for path in (packages / folder).glob("*.py") if path.stem != "__init__"])
    for part in ("collectors", "probes", "locks", "migrators"):
        for reader in shown[part]:
            assert reader.says.endswith(".")
            assert "://" not in reader.says
            assert ".md" not in reader.says


def test_the_manual_is_searched_by_any_word_of_it(client: Any) -> None:
    page = client.get("/docs/search?q=cohort").content.decode()
    hits = re.findall(r'<h2>\s*<a href="(/docs/[^"]+)">', page)
    assert "/docs/glossary#environment" in hits
    assert "<mark>cohort</mark>" in page
    for href in hits:
        address, _, anchor = href.partition("#")
        assert not anchor or f'id="{anchor}"' in client.get(address).content.decode(), href
    hostile = client.get("/docs/search", {"q": "<b>x</b> & \u202e"}).content.decode()
    assert "<b>x</b>" not in hostile
    assert "Search the manual" in client.get("/docs/search").content.decode()


def test_every_error_of_the_api_leads_to_its_place_in_the_manual(client: Any) -> None:
    from paritycheck.core.problem_titles import TITLES

    page = client.get("/docs/problems").content.decode()
    for code in TITLES:
        assert client.get(f"/problems/{code}").headers["Location"] == f"/docs/problems#{code}"
        assert f'id="{code}"' in page
    assert client.get("/problems/none").status_code == 404


def test_every_heading_has_an_address_of_its_own_and_every_page_a_part() -> None:
    for leaf in LEAVES:
        html = page_of(leaf)
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), leaf.slug
        assert re.findall(r"<h[23]>", html) == [], leaf.slug
    assert {leaf.part for leaf in LEAVES} == set(PARTS)
    assert [leaf.part for leaf in LEAVES] == sorted((leaf.part for leaf in LEAVES), key=PARTS.index)
