"""How the time gap of pairs and the personnel gap of environments went: their values at some moments."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from paritycheck.core.bands import Unknown
from paritycheck.core.graph import lag
from paritycheck.core.timegap import Deploy, first_seen, oldest
from paritycheck.models import Environment, Project
from paritycheck.selectors.deploys import runs_of
from paritycheck.selectors.personnel import personnel_of
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.timeline import Past, past_of

Course = tuple[float, ...]


class Courses:
    """Of one project, at moments in order of time; what several pairs need is read once."""

    def __init__(self, project: Project, moments: Sequence[datetime], *, weeks: int = 2) -> None:
        self._project, self._moments, self._weeks = project, moments, weeks
        self._past: Past | None = None
        self._runs: dict[object, list[Deploy]] = {}
        self._personnel: dict[object, Course] = {}

    def time(self, left: Environment, right: Environment) -> Course:
        """T2 in seconds at each moment, without those before the last one at which it was not known."""
        runs, others = self._runs_of(left), self._runs_of(right)
        if not runs or not others:
            return ()
        if self._past is None:
            self._past = past_of(self._project, policy=policy_of(self._project), now=self._moments[-1])
        past, shallow = self._past, left.shallow or right.shallow
        return _known([_age_at(past, runs, others, moment, shallow=shallow) for moment in self._moments])

    def personnel(self, environment: Environment) -> Course:
        """P1 at each moment, in the same way."""
        if environment.pk not in self._personnel:
            found = personnel_of(environment, self._moments[-1], policy=policy_of(self._project), weeks=self._weeks)
            gaps = [found.gap_at(moment).value for moment in self._moments]
            self._personnel[environment.pk] = _known(gaps)
        return self._personnel[environment.pk]

    def _runs_of(self, environment: Environment) -> list[Deploy]:
        if environment.pk not in self._runs:
            self._runs[environment.pk] = sorted(runs_of(environment), key=lambda run: run.at)
        return self._runs[environment.pk]


def _age_at(
    past: Past, runs: Sequence[Deploy], others: Sequence[Deploy], moment: datetime, *, shallow: bool
) -> float | Unknown:
    found = lag(past.graph, _running(runs, moment), _running(others, moment), shallow=shallow)
    if isinstance(found, Unknown):
        return found
    seen = first_seen(past.graph, runs, found.waiting, past.committed)
    age = oldest(found.waiting, seen, moment)
    return age if isinstance(age, Unknown) else age.seconds


def _running(runs: Sequence[Deploy], moment: datetime) -> str | None:
    index = bisect_right(runs, moment, key=lambda run: run.at)
    return runs[index - 1].commit if index else None


def _known(values: Sequence[float | Unknown]) -> Course:
    """The values since it was known all the time; one alone is no course."""
    found: list[float] = []
    for value in values:
        found = [] if isinstance(value, Unknown) else [*found, value]
    return tuple(found) if len(found) > 1 else ()
