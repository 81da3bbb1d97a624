"""What `paritycheck apply` reads and shows."""

import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from django.core.management.base import CommandError

from paritycheck.core.policy import PolicyError
from paritycheck.core.project_file import read
from paritycheck.core.project_terms import ProjectTerms, Setting
from paritycheck.services.apply_changes import Change, NotApplied, Outcome, Secret
from paritycheck.services.errors import Refused
from paritycheck.services.kinds import KINDS

MOST_BYTES: Final = 256 * 1024
LONGEST_SECRET: Final = 8 * 1024
WORDS: Final = {"+": "add", "~": "change", "-": "remove"}


def read_files(names: Sequence[str]) -> tuple[list[ProjectTerms], dict[str, str]]:
    """The projects of all files, and the file of each. Raises CommandError with every mistake of every file."""
    fields = {name: kind.fields for name, kind in KINDS.items()}
    found: list[ProjectTerms] = []
    places: dict[str, str] = {}
    wrong: list[str] = []
    for name in names:
        try:
            for terms in read(_text(name), fields):
                if terms.slug in places:
                    wrong.append(f"{name}:{terms.line}: project {terms.slug} stands in {places[terms.slug]} already")
                places[terms.slug] = name
                found.append(terms)
        except PolicyError as error:
            wrong += [f"{name}:{one['line']}: {one['detail']}" for one in error.errors]
    if wrong:
        raise refused(wrong)
    return found, places


def _text(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1).decode("utf-8-sig")
        with Path(name).open("rb") as stream:
            return stream.read(MOST_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{name}: it is no UTF-8") from None


def refused(wrong: Sequence[str]) -> CommandError:
    """All mistakes, each on its line."""
    many = "1 mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
    return CommandError("\n".join([*wrong, f"{many}. Nothing was changed."]))


def placed(error: NotApplied, places: Mapping[str, str]) -> CommandError:
    """What the verbs refused, with file and line."""
    return refused([f"{places[one.project]}:{one.line}: {one.detail}" for one in error.found])


def settled(setting: Setting) -> str:
    """A setting's text. Raises Refused, never with what was found."""
    if setting.source == "env":
        found = os.environ.get(setting.word)
        if not found:
            raise Refused("bad-parameter", 400, f"the environment variable {setting.word} is empty or not set")
        return found
    return _secret_file(setting.word) if setting.source == "file" else setting.word


def _secret_file(name: str) -> str:
    try:
        with Path(name).open("rb") as stream:
            text = stream.read(LONGEST_SECRET + 1).decode()
    except OSError as error:
        raise Refused("bad-parameter", 400, f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused("bad-parameter", 400, f"{name} is no UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(text) > LONGEST_SECRET:
        raise Refused("bad-parameter", 400, f"{name} is empty or longer than {LONGEST_SECRET // 1024} KiB")
    return text


def as_text(outcome: Outcome, *, prune: bool) -> str:
    """The plan for people, by project."""
    lines: list[str] = []
    for project, changes in _by_project(outcome.changes).items():
        lines += [f"project {project}", *(f"  {change.line()}" for change in changes)]
    if not outcome.changes:
        lines.append("Nothing to do: everything is as the file says.")
    else:
        counts = {word: sum(change.sign == sign for change in outcome.changes) for sign, word in WORDS.items()}
        lines.append(f"Plan: {', '.join(f'{count} to {word}' for word, count in counts.items())}.")
    if outcome.kept:
        lines.append("Not in the file, and kept:")
        lines += [f"  {one.project}: {one.kind} {one.name}" for one in outcome.kept]
        lines += [] if prune else ["--prune removes them, but for environments: those hold the history."]
    return "\n".join(lines)


def _by_project(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.project, []).append(change)
    return found


def as_json(outcome: Outcome, *, applied: bool, secrets: Sequence[Secret]) -> str:
    """One document; `secrets` where they are not in a file."""
    document = {
        "applied": applied,
        "changes": [_change(one) for one in outcome.changes],
        "kept": [{"project": one.project, "kind": one.kind, "name": one.name} for one in outcome.kept],
        "secrets": [_secret(one) for one in secrets],
    }
    return json.dumps(document, indent=2, ensure_ascii=True)


def _change(one: Change) -> dict[str, str]:
    return {"act": WORDS[one.sign], "project": one.project, "kind": one.kind, "name": one.name, "detail": one.detail}


def _secret(one: Secret) -> dict[str, Any]:
    return {"project": one.project, "kind": one.kind, "name": one.name, "text": one.text}


def secret_lines(secrets: Sequence[Secret]) -> str:
    """For a person to copy from."""
    lines = [f"{one.project}: {one.kind} {one.name}\n  {one.text}" for one in secrets]
    return "\n".join([*lines, "Each secret is shown this once.\n"]) if lines else ""


def open_new(name: str) -> TextIO:
    """A new file that nobody else may read. Raises CommandError where there is one: it may be the only copy."""
    try:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        raise CommandError(
            f"{name} is there already, and may be the only copy of what it holds: name another"
        ) from None
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    return os.fdopen(handle, "w", encoding="utf-8")


def wrote_secrets(stream: TextIO, secrets: Sequence[Secret]) -> bool:
    """Whether they are in the file, as one JSON list; where the disk is full they have to be shown."""
    try:
        with stream:
            stream.write(json.dumps([_secret(one) for one in secrets], indent=2) + "\n")
    except OSError:
        return False
    return True
