"""Pipelines of GitLab: the services of all jobs or of one, `extends` and local includes followed.

https://docs.gitlab.com/ci/services/ and https://docs.gitlab.com/ci/yaml/
"""

from __future__ import annotations

import re

from paritycheck_agent.sources.declared_container import UNTOLD, Container
from paritycheck_agent.sources.interpolation import replaced
from paritycheck_agent.sources.yaml_files import documents, entries, items, text_of
from paritycheck_agent.sources.yaml_nodes import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.yaml_nodes import Node

FILE = ".gitlab-ci.yml"
FILES = 20
DEPTH = 20
JOB_CHARS = 255
REFERENCE = "!reference"
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)|\$)")
# What GitLab adds to the name of a job that runs several times: `test 1/3`, `test: [a, b]`.
COPY = re.compile(r"(?: \d+/\d+|: \[[^\]]*\])$")


class _Pipeline:
    """The top level of all files together, as GitLab lays the file over what it includes: keys with their file."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[str, Node]] = {}
        self.variables: dict[str, str] = {}

    def child(self, name: str) -> tuple[str, Mapping] | None:
        path, node = self.entries.get(name, ("", None))
        return (path, node) if isinstance(node, Mapping) else None


def read(context: Context, warnings: list[str]) -> list[Container]:
    """The services of all jobs for a gate's candidate; of the job that runs this very agent for a report."""
    job = "" if context.candidate else COPY.sub("", context.environ.get("CI_JOB_NAME", "")[:JOB_CHARS])
    if not (context.candidate or job) or not context.exists(FILE):
        return []
    pipeline = _Pipeline()
    _load(context, warnings, pipeline)
    return list(_everywhere(pipeline) if context.candidate else _of_job(pipeline, job))


def _load(context: Context, warnings: list[str], pipeline: _Pipeline) -> None:
    waiting = [FILE]
    seen: set[str] = set()
    while waiting and len(seen) < FILES:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        # A file may begin with a document that declares its inputs (`spec`); the pipeline is the last.
        for root in documents(context, path, warnings)[-1:]:
            if isinstance(root, Mapping):
                waiting += _included(root)
                _add(pipeline, path, root)
    if waiting:
        warnings.append(f"{FILE}: more than {FILES} files are included; the rest is not read")


def _add(pipeline: _Pipeline, path: str, root: Mapping) -> None:
    for name, node in entries(root):
        pipeline.entries.setdefault(name, (path, node))
    pipeline.variables = {**_variables(root), **pipeline.variables}


def _included(root: Mapping) -> list[str]:
    """Paths of `include`: a text, `local`, or a list of them; others are of other projects and not here."""
    node = root.get("include")
    found = []
    for item in items(node) or ([node] if node is not None else []):
        path = text_of(item.get("local") if isinstance(item, Mapping) else item).lstrip("/")
        if path and "://" not in path and "*" not in path and "$" not in path:
            found.append(path)
    return found


def _variables(node: Mapping) -> dict[str, str]:
    """Names with their literal values; a value may stand under `value`, beside a description."""
    found = {}
    for name, value in entries(node.get("variables")):
        text = text_of(value.get("value") if isinstance(value, Mapping) else value)
        if text:
            found[name] = text
    return found


def _everywhere(pipeline: _Pipeline) -> Iterator[Container]:
    """Services of the top, of `default`, and of every job, also of hidden ones: others extend those."""
    path, node = pipeline.entries.get("services", ("", None))
    yield from _services(node, path, pipeline.variables)
    for path, node in pipeline.entries.values():
        if isinstance(node, Mapping) and "services" in node.entries:
            yield from _services(node.get("services"), path, {**pipeline.variables, **_variables(node)})


def _of_job(pipeline: _Pipeline, job: str) -> Iterator[Container]:
    """The services of one job: its own, else those of what it extends, else the default ones. Of a job that another
    project's file has nothing is known.
    """
    if pipeline.child(job) is None:
        return
    variables: dict[str, str] = {}
    for path, node in _lineage(pipeline, job):
        variables = {**_variables(node), **variables}
        if "services" in node.entries:
            place, services = _referenced(pipeline, path, node.get("services"))
            yield from _services(services, place, {**pipeline.variables, **variables})
            return
    path, default = pipeline.child("default") or ("", None)
    if default is not None and "services" in default.entries:
        yield from _services(default.get("services"), path, {**pipeline.variables, **variables})
        return
    path, services = pipeline.entries.get("services", ("", None))
    yield from _services(services, path, {**pipeline.variables, **variables})


def _lineage(pipeline: _Pipeline, job: str) -> Iterator[tuple[str, Mapping]]:
    """A job, then what it extends, the nearest first; of several parents the last counts most."""
    waiting = [job]
    for _ in range(DEPTH):
        found = pipeline.child(waiting.pop(0)) if waiting else None
        if found is not None:
            yield found
            extends = found[1].get("extends")
            waiting = [text_of(item) for item in reversed(items(extends) or ([extends] if extends else []))] + waiting


def _referenced(pipeline: _Pipeline, path: str, node: Node | None) -> tuple[str, Node | None]:
    """What `!reference [job, services]` stands for; the node itself where it is none."""
    if isinstance(node, Sequence) and node.tag == REFERENCE and len(node.items) == len(("job", "key")):
        path, job = pipeline.child(text_of(node.items[0])) or (path, Mapping(node.line))
        return path, job.get(text_of(node.items[1]))
    return path, node


def _services(node: Node | None, path: str, variables: dict[str, str]) -> Iterator[Container]:
    for item in items(node):
        image = item.get("name") if isinstance(item, Mapping) else item
        if not isinstance(image, Scalar) or image.null:
            continue
        said = replaced(VARIABLE, image.text, lambda match: variables.get(match[1] or match[2] or "", UNTOLD))
        reference = UNTOLD if said is None else said
        aliases = re.split(r"[ ,]+", text_of(item.get("alias")).strip()) if isinstance(item, Mapping) else []
        names = [name for name in aliases if name] or list(_host_names(reference))
        if names:
            yield Container(names[0], reference, (path, image.line), names=[*names, *_host_names(reference)])


def _host_names(reference: str) -> Iterator[str]:
    """What GitLab calls a service without an alias: its image without tag, `/` as `-` and as `__`."""
    path, slash, last = reference.partition("@")[0].rpartition("/")
    name = path + slash + last.partition(":")[0]
    if name:
        yield name.replace("/", "-")
        yield name.replace("/", "__")
