"""Dockerfiles: the image that a build starts from, and the variables that it bakes in."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]{0,256}))?\}|(\w+))")
# Only where a word begins: a long one without an equals sign would be read again from each of its characters.
PAIR = re.compile(r"""(?<!\w)(\w+)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*)""")
STAGES = 100
REFERENCE_CHARS = 4096


class Stage:
    """One `FROM`: what it starts from, its name, and its `ENV` as (name, value, line). `command` and `entrypoint` are
    words and line, None where the stage sets none; `exposed`: it names a port.
    """

    __slots__ = ("base", "command", "entrypoint", "environment", "exposed", "line", "name", "stop_signal")

    def __init__(self, base: str, name: str, line: int) -> None:
        self.base = base
        self.name = name
        self.line = line
        self.environment: list[tuple[str, str, int]] = []
        self.command: tuple[list[str], int] | None = None
        self.entrypoint: tuple[list[str], int] | None = None
        self.exposed = False
        self.stop_signal = ""


def stages(text: str, arguments: Mapping[str, str] | None = None) -> list[Stage]:
    """Every stage in order. `arguments` are build arguments, which win over the defaults of `ARG`."""
    known: dict[str, str] = {}
    found: list[Stage] = []
    for line, word, rest in _instructions(text):
        if word == "ARG" and not found:
            name, equals, value = rest.partition("=")
            known[name.strip()] = (arguments or {}).get(name.strip(), value.strip().strip("\"'") if equals else "")
        elif word == "FROM":
            found.append(_stage(rest, known, line))
        elif word == "ENV" and found:
            found[-1].environment += [(name, value, line) for name, value in _pairs(rest)]
        elif found:
            _run(found[-1], word, rest, line)
    return found[:STAGES]


def _run(stage: Stage, word: str, rest: str, line: int) -> None:
    """Take an instruction that says how a container runs; of several in one stage the last counts."""
    if word == "CMD":
        stage.command = (_words(rest), line)
    elif word == "ENTRYPOINT":
        stage.entrypoint = (_words(rest), line)
    elif word == "EXPOSE":
        stage.exposed = stage.exposed or bool(rest)
    elif word == "STOPSIGNAL":
        stage.stop_signal = rest


def _words(rest: str) -> list[str]:
    """The words of an instruction in its exec form, a JSON array; any other text is given to a shell."""
    if rest.startswith("["):
        import json

        try:
            words = json.loads(rest)
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return words
    return ["/bin/sh", "-c", rest]


def running(chain: list[Stage]) -> tuple[list[str], int, bool]:
    """What a container of a lineage runs: words, line (0 where nothing is said), and whether an entry point is set.

    A stage that sets an entry point takes back the command of those it starts from.
    """
    command: tuple[list[str], int] | None = None
    for stage in chain:
        command = command or stage.command
        if stage.entrypoint is not None:
            words, line = stage.entrypoint
            return [*words, *(command[0] if command else [])], command[1] if command else line, True
    return (command[0], command[1], False) if command else ([], 0, False)


def lineage(found: list[Stage], target: str | None = None) -> list[Stage]:
    """The stage that is built (the last, or the one named) and, after it, those it starts from."""
    chain: list[Stage] = []
    end = len(found) if target is None else _index(found, target, len(found)) + 1
    while 0 < end <= len(found):
        stage = found[end - 1]
        chain.append(stage)
        end = _index(found, stage.base, end - 1) + 1
    return chain


def _index(found: list[Stage], name: str, before: int) -> int:
    """Where a stage of this name or number stands among the first `before`; -1 where there is none."""
    for index in range(before - 1, -1, -1):
        if name and (found[index].name == name.lower() or str(index) == name):
            return index
    return -1


def _stage(rest: str, known: Mapping[str, str], line: int) -> Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    base = _resolved(words[0], known) if words else ""
    named = len(words) == 3 and words[1].upper() == "AS"  # noqa: PLR2004 -- image, AS, name
    return Stage(base, words[2].lower() if named else "", line)


def _resolved(text: str, known: Mapping[str, str]) -> str:
    """A name of an image with its variables replaced; empty where it is longer than any name."""
    if "$" not in text:
        return text
    if len(text) > REFERENCE_CHARS:
        return ""
    from paritycheck_agent.sources.interpolation import replaced

    return replaced(VARIABLE, text, lambda match: known.get(match[1] or match[3]) or match[2] or "") or ""


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, instruction in upper case, and the rest, with continued lines joined and here-documents left out."""
    lines = enumerate(text.splitlines(), 1)
    for number, raw in lines:
        line = raw.strip()
        if line.endswith("\\") and not line.startswith("#"):
            line = _continued(line[:-1], lines)
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word.upper() in ("RUN", "COPY", "ADD"):
            _skip_documents(rest, lines)
        yield number, word.upper(), rest.strip()


def _continued(start: str, lines: Iterator[tuple[int, str]]) -> str:
    """The whole of a line that a backslash ended; comments between are left out."""
    parts = [start]
    for _, raw in lines:
        follow = raw.strip()
        if follow.startswith("#"):
            continue
        if not follow.endswith("\\"):
            parts.append(follow)
            break
        parts.append(follow[:-1])
    return " ".join(parts)


def _skip_documents(rest: str, lines: Iterator[tuple[int, str]]) -> None:
    for name in HEREDOC.findall(rest):
        for _, line in lines:
            if line.strip() == name:
                break


def _pairs(rest: str) -> list[tuple[str, str]]:
    first = rest.split(None, 1)
    if len(first) == 2 and "=" not in first[0]:  # noqa: PLR2004 -- the older form: name and value
        return [(first[0], first[1])]
    return [(match[1], re.sub(r"\\(.)|[\"']", r"\1", match[2])) for match in PAIR.finditer(rest)]
