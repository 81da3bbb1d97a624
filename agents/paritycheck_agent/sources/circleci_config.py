"""Configuration of CircleCI: the containers beside the first of each job and executor.

https://circleci.com/docs/reference/configuration-reference/#docker
"""

from __future__ import annotations

import re

from paritycheck_agent.sources.declared_container import UNTOLD, Container
from paritycheck_agent.sources.yaml_files import documents, entries, items, text_of
from paritycheck_agent.sources.yaml_nodes import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context

FILE = ".circleci/config.yml"
PARAMETER = re.compile(r"<<[^<>]{0,200}>>")


def read(context: Context, warnings: list[str]) -> list[Container]:
    """The services of all jobs for a gate's candidate; of the job that runs this very agent for a report."""
    job = "" if context.candidate else context.environ.get("CIRCLE_JOB", "")
    if not (context.candidate or job) or not context.exists(FILE):
        return []
    roots = [root for root in documents(context, FILE, warnings) if isinstance(root, Mapping)]
    return [found for root in roots for node in _jobs(root, job) for found in _services(node)]


def _jobs(root: Mapping, job: str) -> Iterator[Mapping]:
    """The jobs and executors that count: all, or one job and the executor that it names."""
    jobs, executors = root.child("jobs"), root.child("executors")
    own = jobs.child(job) if jobs and job else None
    if own is not None:
        yield own
        executor = own.get("executor")
        name = text_of(executor.get("name") if isinstance(executor, Mapping) else executor)
        named = executors.child(name) if executors else None
        if named is not None:
            yield named
    elif not job:
        yield from (node for _, node in entries(jobs) + entries(executors) if isinstance(node, Mapping))


def _services(node: Mapping) -> Iterator[Container]:
    for item in items(node.get("docker"))[1:]:
        image = item.get("image") if isinstance(item, Mapping) else None
        text = PARAMETER.sub(UNTOLD, text_of(image))
        if text and image is not None and isinstance(item, Mapping):
            # Containers of a job share its network: localhost reaches them, and a name where one is given.
            name = text_of(item.get("name")) or re.split(r"[:@]", text.rpartition("/")[2])[0]
            yield Container(name, text, (FILE, image.line))
