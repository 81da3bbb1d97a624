"""What a run did: how often each call was made in each phase, and how many answers were 2xx."""

from collections import Counter
from pathlib import Path

PHASES = ("examples", "coverage", "fuzzing", "stateful")
PERCENT = 100


def report(calls: Path, failures: int) -> str:
    """The table that is printed at the end, the calls that never succeeded first."""
    cases: Counter[tuple[str, str]] = Counter()
    answers: Counter[tuple[str, int]] = Counter()
    for row in calls.read_text().splitlines():
        phase, label, status = row.split("\t")
        cases[label, phase] += 1
        answers[label, int(status) // 100] += 1
    rows = [_row(label, cases, answers) for label in sorted({label for label, _phase in cases})]
    total = sum(answers.values())
    good = sum(count for (_label, kind), count in answers.items() if kind == 2)
    never = [label for label in sorted({label for label, _kind in answers}) if not answers[label, 2]]
    head = f"{'CALL':78}" + "".join(f"{phase[:8].upper():>9}" for phase in PHASES) + f"{'2XX':>7}{'5XX':>5}"
    last = f"{total} cases, {len(rows)} calls, {PERCENT * good // max(total, 1)} % 2xx, exit {failures}"
    return "\n".join([head, *rows, "never 2xx: " + (", ".join(never) or "none"), last])


def _row(label: str, cases: Counter[tuple[str, str]], answers: Counter[tuple[str, int]]) -> str:
    made = sum(count for (name, _kind), count in answers.items() if name == label)
    share = PERCENT * answers[label, 2] // made
    figures = "".join(f"{cases[label, phase]:>9}" for phase in PHASES)
    return f"{label:78}{figures}{share:>5} %{answers[label, 5]:>5}"
