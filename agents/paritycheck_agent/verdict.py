"""A gate's answer as every form of output shows it: plain strings, and a place in the checkout for each drift.

Every string of an answer is hostile: it came from whoever wrote the candidate, or runs production. Nothing here raises
on an answer of any form.
"""

from __future__ import annotations

from paritycheck_agent.redact import printable
from paritycheck_agent.wire.version import GATE_SCHEMA
from paritycheck_agent.wire.words import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

JUDGED = ("introduced", "fixed", "remaining", "waived")
REMEDY = "no base to compare with: all drift counts as introduced; run `parity gate --record` on the default branch"
# What stands for a drift whose side was read in no file, by default.
NO_FILE = ".env.example"
# Sources that are no files (facts.md).
_NO_FILES = frozenset({"env", "installed", "probe", "docker", "kubernetes", "ci", "git", "meta"})
_ID_DIGITS = 64
_HEX = frozenset("0123456789abcdef")
_LINE_DIGITS = 7
_SHA_SHOWN = 10
_AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Places:
    """Where drifts stand in the checkout. `under` is the checkout's own place in its repository, empty at the top.

    `facts(section)` gives the candidate's facts with their sources; it is asked only for a drift that names no file.
    """

    __slots__ = ("_anchors", "_default", "_facts", "_under")

    def __init__(
        self,
        facts: Callable[[str], Sequence[Mapping[str, Any]]] = lambda _section: (),
        *,
        under: str = "",
        default: str = NO_FILE,
    ) -> None:
        self._facts = facts
        self._under = f"{under}/" if under else ""
        self._default = default
        self._anchors: dict[str, dict[str, str]] = {}

    def of(self, drift: Mapping[str, Any]) -> tuple[str, int]:
        """Return path and line where the candidate's side was read, line 0 where none is known."""
        for source in rows(table(drift, "left").get("sources")):
            path, line = place_of(source)
            if path:
                return self._under + path, line
        return self._under + self._anchor(str(drift.get("section", "")), str(drift.get("name", ""))), 0

    def _anchor(self, section: str, name: str) -> str:
        """Return the file that would hold it: the lock of its ecosystem, the file that other facts like it are in."""
        if section not in self._anchors:
            self._anchors[section] = self._anchors_of(section)
        known = self._anchors[section]
        usual = NO_FILE if section == "config" else self._default
        return known.get(_kind_of(name)) or known.get("") or usual

    def _anchors_of(self, section: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for fact in self._facts(section):
            path = next((path for path, _line in map(place_of, rows(fact.get("sources"))) if path), "")
            if path and (section != "config" or path.endswith(NO_FILE)):
                found.setdefault(_kind_of(str(fact.get("name"))), path)
                found.setdefault("", path)
        return found


class Drift:
    """One drift of an answer, for showing: all its strings are printable, and stand on one line.

    `against` is what its right side is called.

    `id` is 64 hex digits, the same in every run and on every line that the drift moves to. `line` is 0 where no line
    is known. `level` is one of SEVERITIES.
    """

    __slots__ = (
        "against",
        "id",
        "left",
        "level",
        "line",
        "name",
        "path",
        "reason",
        "right",
        "rule",
        "section",
        "severity",
    )

    def __init__(self, drift: Mapping[str, Any], path: str, line: int, against: str) -> None:
        self.against = against
        self.section, self.name = text(drift.get("section", "")), text(drift.get("name", ""))
        self.rule, self.severity = text(drift.get("rule", "")), text(drift.get("severity", ""))
        # A severity that is not known is the worst, as it is for the exit code.
        self.level = self.severity if self.severity in SEVERITIES else SEVERITIES[0]
        self.left, self.right = said(drift.get("left")), said(drift.get("right"))
        self.path, self.line = text(path), line
        self.reason = text(table(drift, "waiver").get("reason") or "")
        self.id = _identity(drift)

    @property
    def what(self) -> str:
        """`services/database`."""
        return f"{self.section}/{self.name}"

    @property
    def sentence(self) -> str:
        """Both sides, for a person who sees nothing else of the verdict."""
        return f"{self.what} ({self.rule}): {self.left} here, {self.right} in {self.against}"

    @property
    def place(self) -> str:
        """`compose.yaml:12`, or the path alone."""
        return f"{self.path}:{self.line}" if self.line else self.path


def drifts_of(answer: Mapping[str, Any], title: str, places: Places | None = None) -> list[Drift]:
    """Return the drifts of one of the lists of JUDGED; no two have the same `id`."""
    where, against = places or Places(), against_of(answer)
    found: dict[str, Drift] = {}
    for row in rows(answer.get(title)):
        if isinstance(row, dict):
            drift = Drift(row, *where.of(row), against)
            found.setdefault(drift.id, drift)
    return list(found.values())


def failing(answer: Mapping[str, Any], drift: Drift) -> bool:
    """Return whether an introduced drift is at or above what the question fails on."""
    fail_on = answer.get("fail_on")
    least = SEVERITIES.index(fail_on) if fail_on in SEVERITIES else len(SEVERITIES) - 1
    return SEVERITIES.index(drift.level) <= least


def not_judged(code: int, why: str, *, project: str, fail_on: str) -> dict[str, Any]:
    """Return what the forms show where the server gave no verdict: unknown, with the exit code and the reason."""
    lists = {name: [] for name in (*JUDGED, "unknown", "warnings")}  # type: dict[str, list[Any]]
    return {
        "schema": GATE_SCHEMA, "verdict": "unknown", "exit_code": code, "reason": why, "fail_on": fail_on,
        "project": project, **lists,
    }  # fmt: skip


def place_of(source: Any) -> tuple[str, int]:
    """Return path and line of `path:line` or `path`; an empty path for what is no file of the checkout."""
    if not isinstance(source, str) or source in _NO_FILES:
        return "", 0
    path, _colon, number = source.rpartition(":")
    is_line = bool(path) and number.isascii() and number.isdigit() and 0 < len(number) <= _LINE_DIGITS
    path, line = (path, int(number)) if is_line else (source, 0)
    path = path.removeprefix("./")
    outside = path.startswith(("/", "\\")) or ".." in path.split("/") or "://" in path
    return ("", 0) if outside or not path.strip() else (path, line)


def headline(answer: Mapping[str, Any], *, aged: bool = True) -> str:
    """Return what was judged: project, commit, branch, and against what; `aged` with how long ago that was seen.

    Without, two runs with the same verdict give the same text.
    """
    candidate, against = table(answer, "candidate"), table(answer, "against")
    what = [text(answer.get("project", "")), text(candidate.get("commit") or "")[:_SHA_SHOWN]]
    if candidate.get("branch"):
        what.append(f"({text(candidate['branch'])}{', dirty' if candidate.get('dirty') is True else ''})")
    side = against.get("snapshot") or against.get("environment")
    if side:
        what.append(f"against {text(side)}{age(against.get('age_s')) if aged else ''}")
    return " ".join(part for part in what if part)


def verdict_of(answer: Mapping[str, Any]) -> str:
    """Return `pass`, `fail`, and `unknown` for whatever else an answer says."""
    said_verdict = answer.get("verdict")
    return said_verdict if said_verdict in ("pass", "fail") else "unknown"


def against_of(answer: Mapping[str, Any]) -> str:
    """Return the environment that was compared with, `baseline` where the answer names none."""
    return text(table(answer, "against").get("environment") or "baseline")


def without_base(answer: Mapping[str, Any]) -> list[str]:
    """Return what to say at the top where there is nothing to compare the change with; empty otherwise."""
    known = str(table(answer, "base").get("source") or "none") != "none"
    return [] if known or "introduced" not in answer or not table(answer, "against") else [REMEDY]


def counts(answer: Mapping[str, Any]) -> list[str]:
    """Return `introduced 2` and the like, and the coverage."""
    names = (*JUDGED, "unknown")
    said_counts = [f"{name} {len(rows(answer.get(name)))}" for name in names if name in answer]
    coverage = answer.get("coverage")
    if isinstance(coverage, (int, float)):
        said_counts.append(f"coverage {coverage * 100:.0f} %")
    return said_counts


def said(side: Any) -> str:
    """Return one side of a drift: kind and value, or why there is none."""
    if not isinstance(side, dict):
        return "absent"
    value = side.get("value")
    values = ", ".join(text(item) for item in value) if isinstance(value, list) else text(value or "")
    parts = " ".join(part for part in (text(side.get("kind", "")), values) if part)
    if parts:
        return parts
    return f"unknown ({text(side['unknown'])})" if side.get("unknown") else text(side.get("state") or "absent")


def age(seconds: Any) -> str:
    """Return `, seen 5 minutes ago`, empty where the time is not told."""
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
        return ""
    for size, word in _AGES:
        count = int(seconds // size)
        if count:
            return f", seen {count} {word}{'' if count == 1 else 's'} ago"
    return ", seen just now"


def text(value: Any) -> str:
    """Return a value on one line, without what moves a cursor or turns the direction of writing."""
    return printable(str(value))


def quiet(line: str) -> str:
    """Return a line that no CI runner takes for a command: `##[...]` and `##vso[...]` work anywhere in one."""
    return line.replace("##", "# #")


def rows(value: Any) -> Sequence[Any]:
    """Return a list of an answer, empty where it is none."""
    return value if isinstance(value, list) else []


def table(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a table of an answer, empty where it is none."""
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def _kind_of(name: str) -> str:
    """Return `pkg:npm/` of a package, which tells its lock file; empty for anything else."""
    return name[: name.index("/") + 1] if name.startswith("pkg:") and "/" in name else ""


def _identity(drift: Mapping[str, Any]) -> str:
    """Return the server's identity of a drift where it is one, else one made of section, name and rule."""
    known = drift.get("id")
    if isinstance(known, str) and len(known) == _ID_DIGITS and _HEX.issuperset(known):
        return known
    import hashlib

    key = "\0".join(text(drift.get(name, "")) for name in ("section", "name", "rule"))
    return hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()
