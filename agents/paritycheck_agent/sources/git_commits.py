"""Commits as the lines of POST /api/v1/commits (facts.md, release)."""

from __future__ import annotations

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.secrets import suspected
from paritycheck_agent.wire.strings import to_nfc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Run = Callable[..., bytes]
    Person = list[str]

_FIELDS = (
    "%H",
    "%P",
    "%aN",
    "%aE",
    "%at",
    "%ct",
    "%s",
    "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)",
)
# An empty field before each commit: no file has an empty name, so it also ends the list of files before it.
_FORMAT = "--format=" + "%x00".join(("", *_FIELDS))
_PERSON = r"(.{0,200}?)\s*<([^<>\x00-\x20]{1,254})>\s*"
_NAME_CHARS = 200
_EMAIL_CHARS = 254
# The wire takes times from 2000 to 2200; a commit's own clock may say anything.
_FIRST_S, _LAST_S = 946_684_800, 7_258_118_399


def lines(
    run: Run,
    *,
    boundary: set[str],
    have: Sequence[str],
    tips: Sequence[str],
    want: int,
    subjects: bool,
    scopes: Mapping[str, list[str]],
) -> Iterator[bytes]:
    """Yield one line a commit, newest first. `run` runs git in the checkout; `boundary`: where a shallow clone ends."""
    commits = _log(run, have=have, tips=tips, want=want, files=bool(scopes))
    _restore_parents(run, commits, boundary)
    people = _co_authors(run, commits)
    for commit in commits:
        document = {
            "sha": commit["sha"],
            "parents": commit["parents"],
            "author": _person(commit["name"], commit["email"]),
            "authored": _time(commit["authored"]),
            "committed": _time(commit["committed"]),
        }
        subject = to_nfc(commit["subject"])[: limits.SUBJECT_CHARS]
        if subjects and subject and not suspected(commit["subject"]):
            document["subject"] = subject
        touched = sorted(name for name, globs in scopes.items() if _touches(commit["files"], globs))
        if touched:
            document["scopes"] = touched
        yield _fitting(document, [people[text] for text in commit["with"] if text in people])


def _log(run: Run, *, have: Sequence[str], tips: Sequence[str], want: int, files: bool) -> list[dict[str, Any]]:
    arguments = [
        "log",
        "-z",
        "--encoding=UTF-8",
        "--no-show-signature",
        "--ignore-missing",
        f"--max-count={want}",
        _FORMAT,
    ]
    if files:
        arguments += ["--name-only", "--no-renames", "--relative", "--no-ext-diff", "--no-textconv"]
    arguments += [*tips, *(["--not", *have] if have else []), "--"]
    return list(_commits(run(arguments).decode("utf-8", "replace").split("\0")))


def _commits(tokens: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the commits of a log in `_FORMAT`: an empty token, the fields, then the files up to the next empty one."""
    at = 0
    while at + len(_FIELDS) < len(tokens):
        sha, parents, name, email, authored, committed, subject, co_authors = tokens[at + 1 : at + 1 + len(_FIELDS)]
        at += 1 + len(_FIELDS)
        files: list[str] = []
        while at < len(tokens) and tokens[at]:
            files.append(tokens[at] if files else tokens[at].removeprefix("\n"))
            at += 1
        yield {
            "sha": sha,
            "parents": parents.split(),
            "name": name,
            "email": email,
            "authored": authored,
            "committed": committed,
            "subject": subject,
            "with": [text for text in co_authors.split("\x1f") if text.strip()],
            "files": files,
        }


def _restore_parents(run: Run, commits: list[dict[str, Any]], boundary: set[str]) -> None:
    """Give commits at the end of a shallow clone the parents that git hides: they are part of what a commit is."""
    cut = [commit for commit in commits if commit["sha"] in boundary]
    if not cut:
        return
    raw = run(["cat-file", "--batch"], stdin="".join(f"{commit['sha']}\n" for commit in cut).encode())
    for commit in cut:
        header, _newline, raw = raw.partition(b"\n")
        size = int(header.split()[2])
        head = raw[:size].partition(b"\n\n")[0].decode("ascii", "replace")
        commit["parents"] = [row.split(" ")[1] for row in head.split("\n") if row.startswith("parent ")]
        raw = raw[size + 1 :]


def _co_authors(run: Run, commits: list[dict[str, Any]]) -> dict[str, Person]:
    """Return each co-author by the text of the trailer, as the mailmap has it; what names nobody is left out."""
    import re

    people: dict[str, Person] = {}
    for text in dict.fromkeys(text for commit in commits for text in commit["with"]):
        match = re.fullmatch(_PERSON, text.strip())
        if match:
            people[text] = [match.group(1).strip(), match.group(2)]
    if not people:
        return {}
    asked = "".join(f"{name} <{email}>\n" for name, email in people.values())
    mapped = run(["check-mailmap", "--stdin"], stdin=asked.encode()).decode("utf-8", "replace").split("\n")
    for text, row in zip(people, mapped):
        match = re.fullmatch(_PERSON, row.strip())
        if match:
            people[text] = _person(match.group(1), match.group(2))
    return people


def _person(name: str, email: str) -> Person:
    return [to_nfc(name.strip())[:_NAME_CHARS], to_nfc(email.strip())[:_EMAIL_CHARS]]


def _time(seconds: str) -> str:
    import time

    try:
        moment = min(max(int(seconds), _FIRST_S), _LAST_S)
    except ValueError:
        moment = _FIRST_S
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _touches(files: list[str], globs: list[str]) -> bool:
    """Whether any file is meant: a glob means a path, or all that lies in the folder it names."""
    from fnmatch import fnmatchcase

    return any(
        fnmatchcase(path, glob) or fnmatchcase(path, glob.rstrip("/") + "/*") for glob in globs for path in files
    )


def _fitting(document: dict[str, Any], people: list[Person]) -> bytes:
    """Return the line of a commit, with as many co-authors as a line holds."""
    people = [list(person) for person in dict.fromkeys(map(tuple, people))]
    while True:
        row = line({**document, "with": people} if people else document)
        if len(row) < limits.LINE_BYTES or not people:
            return row + b"\n"
        people.pop()
