"""What a cluster runs, where a report is asked to tell of one: a file of `kubectl get -o json`, or the API from a pod.

Only names come out of ConfigMaps and Secrets. Their values, the values of variables, and annotations (one of which
repeats a whole Secret) are dropped while the JSON is parsed, and are in nothing that is kept.
"""

from __future__ import annotations

from paritycheck_agent.context import FILE_BYTES, Unknown
from paritycheck_agent.sources import images
from paritycheck_agent.sources.kubernetes import OBJECTS, PASSING, at, digest_of, identity, text, unlisted, workloads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.kubernetes import Container, Workload

__all__ = ["Cluster", "digest_of", "read"]

API, STDIN = "api", "-"
SOURCE = "kubernetes"
VALUES = ("data", "stringData", "binaryData")
DROPPED = ("annotations", "managedFields")
KINDS = {"ConfigMap": "configmaps", "Secret": "secrets"}


class Cluster:
    """`keys` are the names of the keys by (namespace, kind, name) of a ConfigMap or Secret; `refused` the resources
    that the role does not let the agent see. `whole`: pods are among what was read, and whatever runs is a pod's.
    """

    __slots__ = ("keys", "refused", "warnings", "whole", "workloads")

    def __init__(self) -> None:
        self.workloads: list[Workload] = []
        self.keys: dict[tuple[str, str, str], list[str]] = {}
        self.refused: set[str] = set()
        self.whole = False
        self.warnings: list[str] = []

    def take(self, objects: list[Any]) -> None:
        """Take the objects that were read: workloads, and names of keys."""
        if len(objects) > OBJECTS:
            self.warnings.append(f"kubernetes: more than {OBJECTS} objects; the rest is not read")
        self.whole = len(objects) <= OBJECTS and any(thing.get("kind") == "Pod" for thing in unlisted(objects))
        self.workloads = workloads({"kind": "List", "items": objects})
        for thing in unlisted(objects):
            namespace, name, kind = identity(thing)
            if kind in KINDS:
                self.keys[namespace, kind, name] = keys_of(thing)

    def refuse(self, resource: str, verb: str) -> None:
        """Note that the role lacks a right, and say which."""
        if resource not in self.refused:
            self.refused.add(resource)
            self.warnings.append(f"kubernetes: no permission; the role needs the verb {verb} for {resource}")


def read(context: Context) -> Cluster | None:
    """The cluster that a report tells of, read once in a run; None where it tells of this machine.

    Raises Unknown with the reason where nothing can be told.
    """
    if not context.kubernetes or context.candidate:
        return None
    if SOURCE not in context.kept:
        try:
            context.kept[SOURCE] = _read(context)
        except Unknown as unknown:
            context.kept[SOURCE] = unknown
    kept: Cluster | Unknown = context.kept[SOURCE]
    if isinstance(kept, Unknown):
        raise Unknown(kept.reason)
    return kept


def _read(context: Context) -> Cluster:
    found = Cluster()
    if context.kubernetes == API:
        from paritycheck_agent.sources import kubernetes_api

        kubernetes_api.read(context, found)
    else:
        found.take(list(unlisted(_documents(context))))
    namespace = table(context, "namespace")
    if namespace:
        found.workloads = [one for one in found.workloads if one.namespace in ("", namespace)]
    return found


def _documents(context: Context) -> list[Any]:
    """The documents of a file, or of standard input: one, or several one after the other."""
    import sys

    stdin = context.kubernetes == STDIN
    data = sys.stdin.buffer.read(FILE_BYTES + 1) if stdin else context.open_bytes(context.kubernetes)
    if data is None or len(data) > FILE_BYTES:
        raise Unknown("too-large" if stdin or context.exists(context.kubernetes) else "not-collected")
    return parsed(data)


def parsed(data: bytes) -> list[Any]:
    """The JSON documents in data, without a single value that configures; raises Unknown where it is no JSON."""
    import json

    decoder = json.JSONDecoder(object_pairs_hook=_without_values)
    found, at_ = [], 0
    try:
        content = data.decode("utf-8-sig").strip()
        while at_ < len(content):
            document, at_ = decoder.raw_decode(content, at_)
            found.append(document)
            while at_ < len(content) and content[at_].isspace():
                at_ += 1
    except (ValueError, RecursionError):
        raise Unknown("parse-failed") from None
    return found


def _without_values(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the JSON as it is kept. The parser gives the innermost first, so no value outlives its object."""
    made = {name: value for name, value in pairs if name not in DROPPED}
    for member in VALUES:
        if member in made:
            made[member] = dict.fromkeys(made[member]) if isinstance(made[member], dict) else None
    if "name" in made and "value" in made:
        made["value"] = None
    return made


def keys_of(thing: dict[str, Any]) -> list[str]:
    """The names of a ConfigMap's or Secret's keys that become variables, sorted: `binaryData` never does."""
    found: set[str] = set()
    for member in ("data", "stringData"):
        given = at(thing, member)
        found |= given.keys() if isinstance(given, dict) else set()
    return sorted(found)


def table(context: Context, member: str) -> str:
    """A text of the table `[kubernetes]` of parity.toml."""
    return text(at(context.settings, "kubernetes", member))


def applications(found: Cluster) -> Iterator[tuple[str, Workload, Container]]:
    """What runs of the application, as (type of process, workload, container): all that is no backing service.

    A workload's first container is called as the workload is, others `<workload>-<container>`.
    """
    for workload in found.workloads:
        own = [one for one in workload.containers if workload.kind in PASSING or images.read(one.image) is None]
        for number, container in enumerate(own):
            yield (f"{workload.name}-{container.name}" if number else workload.name), workload, container


def backing(found: Cluster) -> Iterator[tuple[str, images.Image]]:
    """The backing services that run in the cluster, by the name of their workload, or of one of its containers."""
    for workload in found.workloads:
        for container in workload.containers if workload.kind not in PASSING else ():
            image = images.read(container.image)
            if image is not None:
                yield (workload.name if len(workload.containers) == 1 else container.name), image


def application(context: Context, found: Cluster) -> Workload | None:
    """The workload that `[kubernetes] workload` names, else the only one of the application; None without either."""
    name = table(context, "workload")
    own = {id(workload): workload for _, workload, _ in applications(found)}.values()
    chosen = [workload for workload in own if (workload.name == name if name else workload.kind not in PASSING)]
    if len(chosen) == 1:
        return chosen[0]
    said = f"{len(chosen)} workloads of this name" if name else f"{len(chosen)} workloads that could be the application"
    warning = f"kubernetes: {said}; [kubernetes] workload (and namespace) in parity.toml names one"
    if warning not in found.warnings:
        found.warnings.append(warning)
    return None


def settings(context: Context) -> tuple[set[str], str, list[str]]:
    """The names of the application's variables, a reason where there may be more, and warnings; raises Unknown."""
    found = read(context)
    workload = application(context, found) if found else None
    if found is None or workload is None:
        return set(), "not-collected", found.warnings if found else []
    return (*variables(found, workload), found.warnings)


def variables(found: Cluster, workload: Workload) -> tuple[set[str], str]:
    """The names of all variables that a workload's containers get, and a reason where there may be more of them."""
    names: set[str] = set()
    reason = ""
    for container in workload.containers:
        if images.read(container.image) is not None:
            continue
        names |= set(container.env)
        for kind, name, prefix, optional in container.env_from:
            keys = found.keys.get((workload.namespace, kind, name))
            if keys is not None:
                names |= {prefix + key for key in keys}
            elif KINDS[kind] in found.refused:
                reason = "no-permission"
            elif not optional:
                reason = reason or "not-collected"
                _say_missing(found, kind, name)
    return names, reason


def _say_missing(found: Cluster, kind: str, name: str) -> None:
    warning = f"kubernetes: {kind} {name} is not among what was read; its keys are not known"
    if warning not in found.warnings:
        found.warnings.append(warning)
