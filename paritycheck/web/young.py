"""What a project that has nothing to compare yet says on each of its pages, and the one thing to do about it."""

from dataclasses import dataclass

from django.urls import reverse

from paritycheck.core.labels import capital
from paritycheck.models import Environment, Project
from paritycheck.selectors.arrivals import environments_in_order
from paritycheck.web import words


@dataclass(frozen=True, slots=True)
class Young:
    """One line, one sentence, one action with its address; `reported` is how many environments have a snapshot."""

    title: str
    text: str
    action: str
    url: str
    reported: int


def young_of(project: Project) -> Young | None:
    """What is missing before two environments can be compared; None where nothing is. One query."""
    environments = environments_in_order(project)
    reported = [each.slug for each in environments if each.latest_id]
    if not environments:
        text = "Name the first one, such as production. Its page has the command that reports from it."
        return Young("No environment yet", text, "Add an environment", _settings(project, "add"), 0)
    baseline = next((each for each in environments if each.pk == project.baseline_id), None)
    if baseline is None:
        text = "Name the environment that the others are compared with."
        address = _settings(project, "baseline")
        return Young("This project has no baseline", text, "Choose it", address, len(reported))
    return _waiting(project, environments, baseline, reported)


def _waiting(
    project: Project, environments: list[Environment], baseline: Environment, reported: list[str]
) -> Young | None:
    left = [each for each in environments if each.latest_id is None]
    if baseline in left:
        told = f"{capital(words.listed(reported))} {'reports' if len(reported) == 1 else 'report'} already."
        text = told if reported else "Nothing has been reported yet. One command connects an environment."
        chosen = baseline if reported else left[0]
        return _connect(project, f"Waiting for the first report of {baseline.slug}", text, chosen, len(reported))
    if len(reported) > 1:
        return None
    title = f"{capital(baseline.slug)} reports, nothing to compare it with yet"
    if not left:
        text = "Add a second environment and differences show here within a minute."
        return Young(title, text, "Add an environment", _settings(project, "add"), 1)
    text = "Connect a second environment and differences show here within a minute."
    # The one next to the baseline tells most.
    return _connect(project, title, text, left[-1], 1)


def _connect(project: Project, title: str, text: str, chosen: Environment, reported: int) -> Young:
    address = f"{reverse('web:start', args=[project.slug])}?environment={chosen.slug}"
    return Young(title, text, f"Connect {chosen.slug}", address, reported)


def _settings(project: Project, part: str) -> str:
    return f"{reverse('web:settings', args=[project.slug])}#{part}"
