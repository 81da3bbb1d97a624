"""Real repositories, made by the real git: the agent says what git says, and nothing that git would not."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from paritycheck_agent.sources import git, git_command, git_plain
from paritycheck_agent.sources.git import Repository, address, commit_lines, show
from paritycheck_agent.sources.git_command import GitFault
from paritycheck_agent.wire.commits import check_commits

ANN, BO = ("Ann", "ann@example.com"), ("Bo", "bo@example.com")
SECRET = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"


class Checkout:
    """A repository in a folder; each commit is an hour after the one before."""

    def __init__(self, root: Path, *, make: bool = True) -> None:
        self.root = root
        self.clock = 1_767_600_000  # 2026-01-05T08:00:00Z
        if make:
            root.mkdir(parents=True, exist_ok=True)
            self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, who: tuple[str, str] = ANN, at: int | None = None) -> str:
        stamp = f"@{self.clock if at is None else at} +0200"
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.root.parent), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": who[0], "GIT_AUTHOR_EMAIL": who[1], "GIT_COMMITTER_NAME": who[0],
            "GIT_COMMITTER_EMAIL": who[1], "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp,
        }  # fmt: skip
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.strip()

    def commit(
        self, subject: str = "A change", *, path: str = "a.txt", who: tuple[str, str] = ANN, at: int | None = None
    ) -> str:
        self.clock += 3600
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{self.clock} {subject}")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject, who=who, at=at)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def clone(self, root: Path, *arguments: str) -> Checkout:
        self.git("clone", "-q", *arguments, f"file://{self.root}", str(root))
        return Checkout(root, make=False)


@pytest.fixture
def shop(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "shop")


def lines(checkout: Checkout, have: tuple[str, ...] = (), want: int = 500, **more: Any) -> list[dict[str, Any]]:
    """The commits of a body that the server's own check took."""
    header, commits = check_commits(commit_lines(str(checkout.root), list(have), want, **more))
    assert header["head"] == checkout.head()
    return commits


def branched(shop: Checkout) -> dict[str, str]:
    """A history of two branches that were merged, and one that was not."""
    marks = {"start": shop.commit("start")}
    shop.commit("second")
    shop.git("checkout", "-q", "-b", "topic")
    marks["topic"] = shop.commit("topic", path="api/b.txt", who=BO)
    shop.git("checkout", "-q", "main")
    shop.commit("third")
    shop.clock += 3600
    shop.git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    marks["merge"] = shop.head()
    shop.commit("last", path="api/c.txt")
    return marks


def test_the_commits_are_those_of_rev_list_in_its_order(shop: Checkout) -> None:
    marks = branched(shop)
    assert [commit["sha"] for commit in lines(shop)] == shop.git("rev-list", "HEAD").split()
    known = lines(shop, (marks["topic"],))
    assert [commit["sha"] for commit in known] == shop.git("rev-list", "HEAD", "--not", marks["topic"]).split()


def test_the_graph_counts_what_rev_list_counts(shop: Checkout) -> None:
    marks = branched(shop)
    graph = {commit["sha"]: commit["parents"] for commit in lines(shop)}

    def reach(sha: str) -> set[str]:
        found, waiting = set(), [sha]
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                waiting += graph[at]
        return {at for at in found if len(graph[at]) < 2}

    for old, new in (("start", "topic"), ("start", "merge"), ("topic", "merge"), ("merge", "start")):
        counted = shop.git("rev-list", "--count", "--no-merges", f"{marks[old]}..{marks[new]}")
        assert len(reach(marks[new]) - reach(marks[old])) == int(counted)


def test_a_commit_says_who_when_and_what(shop: Checkout) -> None:
    first = shop.commit("first")
    second = shop.commit(
        "Fix rounding\n\nA body\n\nCo-authored-by: Bo <bo@example.com>", who=("Zoë", "zoe@example.com")
    )
    assert lines(shop)[0] == {
        "sha": second, "parents": [first], "author": ["Zoë", "zoe@example.com"], "subject": "Fix rounding",
        "authored": "2026-01-05T10:00:00Z", "committed": "2026-01-05T10:00:00Z", "with": [["Bo", "bo@example.com"]],
    }  # fmt: skip


def test_authors_and_co_authors_go_through_the_mailmap(shop: Checkout) -> None:
    shop.commit(
        "x\n\nCo-authored-by: b <old@example.com>\nCo-authored-by: nobody\nCo-authored-by: B <old@example.com>",
        who=("a", "a@old"),
    )
    (shop.root / ".mailmap").write_text("Ann <ann@example.com> <a@old>\nBo <bo@example.com> <old@example.com>\n")
    commit = lines(shop)[0]
    assert commit["author"] == ["Ann", "ann@example.com"]
    assert commit["with"] == [["Bo", "bo@example.com"]]


def test_at_most_as_many_as_are_wanted_and_never_more_than_a_call_takes(shop: Checkout) -> None:
    for number in range(5):
        shop.commit(str(number))
    assert len(lines(shop, want=3)) == 3
    assert len(lines(shop, want=0)) == 1
    assert len(lines(shop, want=10**9)) == 5


def test_a_missing_stretch_is_asked_for_by_its_tips(shop: Checkout) -> None:
    marks = branched(shop)
    asked = lines(shop, tips=[marks["topic"]])
    assert [commit["sha"] for commit in asked] == shop.git("rev-list", marks["topic"]).split()


def test_what_the_server_says_is_never_an_option_nor_a_path(shop: Checkout) -> None:
    shop.commit("one")
    evil = ["--output=/tmp/evil", "-z", "HEAD", "../x", "", "a" * 40, "f" * 64, "A" * 40]
    assert len(lines(shop, tuple(evil))) == 1
    assert lines(shop, tips=evil) == []


def test_a_subject_is_cut_to_its_first_line_and_left_out_where_it_holds_a_secret(shop: Checkout) -> None:
    shop.commit("x" * 300)
    shop.commit(f"use {SECRET} for now")
    shop.commit("see https://ann:pw@example.com/x")
    body = commit_lines(str(shop.root), [], 500)
    subjects = [commit.get("subject") for commit in check_commits(body)[1]]
    assert subjects == [None, None, "x" * 120]
    assert SECRET.encode() not in body


def test_subjects_can_be_switched_off(shop: Checkout) -> None:
    shop.commit("one")
    assert all("subject" not in commit for commit in lines(shop, settings={"release": {"subjects": False}}))


def test_scopes_are_those_whose_paths_a_commit_touches(shop: Checkout) -> None:
    branched(shop)
    settings = {"scopes": {"api": "api", "text": ["*.txt"], "one": "a.txt", "none": "web/*", "odd": 3}}
    for commit in lines(shop, settings=settings):
        files = shop.git("show", "--name-only", "--format=", commit["sha"]).split()
        expected = {"api": any(file.startswith("api/") for file in files), "text": bool(files), "one": "a.txt" in files}
        if len(commit["parents"]) > 1:
            expected = {}
        assert commit.get("scopes", []) == sorted(name for name, touched in expected.items() if touched)


def test_scopes_count_what_rev_list_counts_below_a_path(shop: Checkout) -> None:
    branched(shop)
    touched = [
        commit for commit in lines(shop, settings={"scopes": {"api": "api/*"}}) if "api" in commit.get("scopes", [])
    ]
    assert len(touched) == int(shop.git("rev-list", "--count", "--no-merges", "--full-history", "HEAD", "--", "api"))


def test_the_header_says_what_commits_were_looked_at_for(shop: Checkout) -> None:
    shop.commit("one")

    def marks(scopes: Any) -> Any:
        return check_commits(commit_lines(str(shop.root), [], 500, settings={"scopes": scopes}))[0].get("scopes")

    # The sha256 of `["a","b"]` and of `["b"]`.
    assert marks({"one": ["b", "a", "b"], "two": "b"}) == {"one": "0473ef2dc0d3", "two": "a8950f05d344"}
    assert marks({}) is None
    assert marks({"é": "b", "odd": 3, "n" * 65: "b"}) is None
    assert len(marks({f"s{number}": "x" * 500 for number in range(40)})) == 20


def test_odd_file_names_do_not_end_a_commit_early(shop: Checkout) -> None:
    names = ["\nnewline", " blank ", "a" * 40, "é", "-option"]
    for name in names:
        shop.commit(name.strip() or "x", path=f"d/{name}")
    commits = lines(shop, settings={"scopes": {"d": "d"}})
    assert len(commits) == len(names)
    assert all(commit["scopes"] == ["d"] for commit in commits)


def test_times_outside_the_wire_s_are_brought_to_its_edge(shop: Checkout) -> None:
    shop.commit("old", at=0)
    shop.commit("future", at=99_999_999_999)
    assert [commit["committed"] for commit in lines(shop)] == ["2199-12-31T23:59:59Z", "2000-01-01T00:00:00Z"]


def test_a_commit_of_many_co_authors_fits_a_line(shop: Checkout) -> None:
    people = "\n".join(f"Co-authored-by: {'Ä' * 80} {number} <{number}@example.com>" for number in range(200))
    shop.commit(f"together\n\n{people}")
    assert len(lines(shop)[0]["with"]) > 5


def test_bytes_that_are_no_utf8_are_no_obstacle(shop: Checkout) -> None:
    shop.commit("one")
    shop.git("config", "i18n.commitEncoding", "latin-1")
    subprocess.run(
        [
            "git",
            "-C",
            str(shop.root),
            "-c",
            "user.name=\udce9",
            "-c",
            "user.email=e@x",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "\udce9t\udce9",
        ],
        check=True,
    )
    assert lines(shop)[0]["subject"] == "été"


def test_a_shallow_clone_is_told_and_its_edge_keeps_its_parents(shop: Checkout, tmp_path: Path) -> None:
    for number in range(5):
        shop.commit(str(number))
    clone = shop.clone(tmp_path / "clone", "--depth=2")
    header, commits = check_commits(commit_lines(str(clone.root), [], 500))
    assert header["shallow"] is True
    assert commits == lines(shop)[:2]
    repository = Repository(str(clone.root))
    with pytest.raises(GitFault) as fault:
        repository.merge_base("HEAD", "refs/remotes/origin/main")
    assert fault.value.reason == "shallow"


def test_head_branch_tags_and_dirt(shop: Checkout) -> None:
    first = shop.commit("one")
    repository = Repository(str(shop.root))
    assert repository.commit() == first
    assert repository.plain.head() == (first, "main")
    assert (repository.tags(), repository.dirty()) == ([], False)
    shop.git("tag", "v1")
    shop.git("tag", "-a", "v1.0.0", "-m", "annotated")
    (shop.root / "new.txt").write_text("not tracked")
    assert (repository.tags(), repository.dirty()) == (["v1", "v1.0.0"], False)
    (shop.root / "a.txt").write_text("changed")
    assert repository.dirty() is True
    shop.git("checkout", "-q", "--force", "--detach")
    assert repository.plain.head() == (first, "")


def test_packed_references_and_worktrees_are_read_without_git(shop: Checkout, tmp_path: Path) -> None:
    first = shop.commit("one")
    shop.git("tag", "v1")
    shop.git("pack-refs", "--all")
    shop.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    plain = git_plain.find(str(tmp_path / "tree"))
    assert plain is not None
    assert plain.head() == (first, "other")
    assert (plain.ref("refs/heads/main"), plain.ref("refs/heads/none"), plain.has_tags()) == (first, "", True)
    assert plain.ref("refs/heads/../../../etc/passwd") == ""


def test_before_the_first_commit_there_is_none(shop: Checkout) -> None:
    repository = Repository(str(shop.root))
    assert (repository.commit(), repository.tags()) == ("", [])
    with pytest.raises(GitFault) as fault:
        repository.commit_lines([], 500)
    assert fault.value.reason == "no-git"


def test_a_folder_without_a_repository_is_no_git(tmp_path: Path) -> None:
    with pytest.raises(GitFault) as fault:
        Repository(str(tmp_path))
    assert fault.value.reason == "no-git"


def test_the_default_branch_is_the_remote_s_or_the_custom_one(shop: Checkout, tmp_path: Path) -> None:
    shop.commit("one")
    shop.git("branch", "-m", "stable")
    clone = shop.clone(tmp_path / "clone")
    repository = Repository(str(clone.root))
    assert (
        repository.default_branch() == "refs/remotes/origin/HEAD"
        or repository.default_branch() == "refs/remotes/origin/stable"
    )
    assert repository.default_branch("none") == ""
    shop.git("branch", "-m", "main")
    assert Repository(str(shop.root)).default_branch() == "refs/heads/main"


def test_the_merge_base_is_git_s(shop: Checkout) -> None:
    start = shop.commit("one")
    shop.git("checkout", "-q", "-b", "topic")
    shop.commit("two")
    repository = Repository(str(shop.root))
    assert repository.merge_base("HEAD", "refs/heads/main") == start
    shop.git("checkout", "-q", "--orphan", "alone")
    shop.commit("three")
    assert repository.merge_base("HEAD", "refs/heads/main") == ""


def test_show_reads_a_file_of_another_time_and_nothing_else(shop: Checkout) -> None:
    first = shop.commit("one", path="api/uv.lock")
    shop.commit("two", path="api/uv.lock")
    root = str(shop.root)
    assert show(root, first, "api/uv.lock") == shop.git("show", f"{first}:api/uv.lock").encode()
    assert show(root, "HEAD~1", "api/../api/uv.lock") == show(root, first, "api/uv.lock")
    assert show(str(shop.root / "api"), first, "uv.lock") == show(root, first, "api/uv.lock")
    for revision, path in (
        ("HEAD", "none"), ("HEAD", "../x"), ("HEAD", "/etc/passwd"), ("--output=x", "a"), ("none", "api/uv.lock"),
        ("HEAD", "api"), ("HEAD", "a\0b"), ("HEAD:x", "api/uv.lock"), ("", "api/uv.lock"),
    ):  # fmt: skip
        assert show(root, revision, path) is None


def test_a_repository_of_someone_else_is_read_but_none_of_its_programs_runs(shop: Checkout, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    first = shop.commit("one")
    shop.git("tag", "v1")
    marker = tmp_path / "ran"
    for key in ("core.fsmonitor", "core.hooksPath", "filter.x.clean", "gpg.program", "diff.external", "core.pager"):
        shop.git("config", key, f"touch {marker}")
    shop.git("config", "log.showSignature", "true")
    (shop.root / ".git" / "info" / "attributes").write_text("* filter=x\n")
    (shop.root / "a.txt").write_text("changed")
    for path in (shop.root, *shop.root.rglob("*")):
        os.chown(path, 4242, 4242)
    repository = Repository(str(shop.root), {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert repository.commit() == first
    with pytest.raises(GitFault) as fault:
        repository.dirty()
    assert (fault.value.reason, fault.value.foreign) == ("no-permission", True)
    assert repository.tags() == ["v1"]
    assert repository.merge_base("HEAD", "v1") == first
    assert len(check_commits(repository.commit_lines([], 500))[1]) == 1
    assert repository.show("HEAD", "a.txt") is not None
    assert not marker.exists()
    shop.git("-c", f"safe.directory={shop.root}", "status")
    assert marker.exists()  # the traps were set


def test_without_the_program_git_the_files_tell(shop: Checkout) -> None:
    first = shop.commit("one")
    shop.git("tag", "v1")
    shop.git("remote", "add", "origin", "git@git.example.com:acme/shop.git")
    repository = Repository(str(shop.root), {"PATH": "/nonexistent"})
    assert repository.commit() == first
    assert repository.plain.remotes() == {"origin": "git@git.example.com:acme/shop.git"}
    for question in (repository.dirty, repository.tags, lambda: repository.commit_lines([], 5)):
        with pytest.raises(GitFault) as fault:
            question()
        assert fault.value.reason == "tool-missing"


def test_a_git_that_hangs_is_ended_with_what_it_started(shop: Checkout, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nsleep 300 &\necho $! > $(dirname $0)/pid\nsleep 300\n")
    fake.chmod(0o755)
    with pytest.raises(GitFault) as fault:
        git_command.run(str(shop.root), ["status"], environ={"PATH": f"{fake.parent}:/usr/bin:/bin"}, timeout_s=0.5)
    assert fault.value.reason == "timeout"
    pid = int((fake.parent / "pid").read_text())
    until = time.monotonic() + 10
    while not ended(pid):  # it was killed; how soon the kernel has buried it is not ours
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_pipe_for_a_file_of_the_repository_is_waited_for_once(
    shop: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git reads its configuration whatever it is asked, and would wait for a writer for ever."""
    shop.commit()
    shop.git("tag", "v1")
    (shop.root / ".git" / "config").unlink()
    os.mkfifo(shop.root / ".git" / "config")
    monkeypatch.setattr(git_command, "TIMEOUT_S", 0.5)
    repository = Repository(str(shop.root))
    for ask in (repository.dirty, repository.tags):
        with pytest.raises(GitFault, match="timeout"):
            ask()
        monkeypatch.setattr(git, "run", never)
    with pytest.raises(GitFault, match="no-permission"):
        repository.remotes()
    assert repository.commit() == (shop.root / ".git/refs/heads/main").read_text().strip()


def never(*_arguments: object, **_more: object) -> bytes:
    pytest.fail("git is started once more")


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def test_git_gets_neither_the_agent_s_secrets_nor_a_hook_s_repository(tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nenv\n")
    fake.chmod(0o755)
    environ = {
        "PATH": f"bin:.:{fake.parent}:/usr/bin:/bin", "PARITY_TOKEN": "c4n4ry", "PARITY_KEY": "c4n4ry", "HOME": "/h",
        "GIT_DIR": "/x", "GIT_INDEX_FILE": "/x", "GIT_CONFIG_COUNT": "0", "GIT_TRACE": "1",
    }  # fmt: skip
    seen = dict(
        row.split("=", 1)
        for row in git_command.run(str(tmp_path), ["x"], environ=environ).decode().splitlines()
        if "=" in row
    )
    assert {"GIT_DIR", "GIT_INDEX_FILE", "GIT_TRACE", "PARITY_TOKEN", "PARITY_KEY"}.isdisjoint(seen)
    assert (seen["HOME"], seen["GIT_CONFIG_COUNT"], seen["GIT_TERMINAL_PROMPT"]) == ("/h", "0", "0")
    assert seen["PATH"].split(":")[0] == str(fake.parent)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/shop.git", "github.com/acme/shop"),
        ("https://ann:c4n4ry@GitHub.com/acme/shop", "github.com/acme/shop"),
        ("https://c4n4ry@git.example.com:8443/a/b/shop.git/", "git.example.com/a/b/shop"),
        ("https://ann:c4n/4ry@git.example.com/acme/shop", "git.example.com/acme/shop"),
        ("https://git.example.com/acme/shop?token=c4n4ry#c4n4ry", "git.example.com/acme/shop"),
        ("https://git.example.com:8443/@team/shop", "git.example.com/@team/shop"),
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("ann:c4n4ry@github.com:acme/shop.git", "github.com/acme/shop"),
        ("github.com:acme/shop", "github.com/acme/shop"),
        ("ssh://git@git.example.com:2222/acme/shop.git", "git.example.com/acme/shop"),
        ("git+ssh://git@[2001:db8::1]:22/acme/shop", "[2001:db8::1]/acme/shop"),
        ("/srv/git/shop.git", ""),
        ("../shop", ""),
        ("./a:b/shop", ""),
        ("file:///srv/git/shop.git", ""),
        ("C:\\git\\shop", ""),
        ("", ""),
        ("https://", ""),
    ],
)
def test_an_address_is_host_and_path_alone(url: str, expected: str) -> None:
    assert address(url) == expected
    assert "c4n" not in address(url)


def test_the_lines_are_canonical_json(shop: Checkout) -> None:
    branched(shop)
    for row in commit_lines(str(shop.root), [], 500).splitlines():
        document = json.loads(row)
        assert json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == row


def test_the_module_gives_the_names_that_callers_use() -> None:
    assert {"Repository", "address", "commit_lines", "show"} <= set(dir(git))
