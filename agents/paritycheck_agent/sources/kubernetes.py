"""Objects of Kubernetes as the API and manifests give them: workloads, their containers, and what runs of them.

`workloads(document)` takes plain values (dict, list, str, ...) of one object or of a list, whether they come from
`kubectl get -o json`, from the API or from a manifest. No value of a variable, ConfigMap or Secret is in what it gives.
"""

from __future__ import annotations

from paritycheck_agent.sources.declared_container import is_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Key = tuple[str, str, str]  # namespace, name, kind

# Where the template of a workload's pods lies in its object.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
# What runs for a while and ends. An image of a database in one is its client: it dumps or restores.
PASSING = ("CronJob", "Job")
# A CronJob's Jobs are called after the minute since 1970.
MINUTES_DIGITS = 8
OBJECTS = 20_000
CONTAINERS = 50
WORDS = 64
DIGEST = "@sha256:"
VERSION_LABEL = "app.kubernetes.io/version"


class Container:
    """A container of a pod's template. `command` is the image's own where it is empty. `env` are names that stand in
    the template; `env_from` (kind, name, prefix, optional) the ConfigMaps and Secrets whose keys all become variables.
    From the pods: `digests` of the images that run, `restarts`, `exit_codes` of the last ends.
    """

    __slots__ = (
        "command", "digests", "env", "env_from", "exit_codes", "image", "line", "name", "ports", "restarts",
        "stop_signal",
    )  # fmt: skip

    def __init__(self, name: str, image: str, line: int) -> None:
        self.name = name
        self.image = image
        self.line = line
        self.command: list[str] = []
        self.env: list[str] = []
        self.env_from: list[tuple[str, str, str, bool]] = []
        self.ports: list[int] = []
        self.stop_signal = ""
        self.digests: set[str] = set()
        self.restarts = 0
        self.exit_codes: set[int] = set()


class Workload:
    """A Deployment, StatefulSet, ... or a pod of nobody. `replicas`: how many pods are ready, None where no object
    tells; `version` is what the label app.kubernetes.io/version says.
    """

    __slots__ = ("containers", "kind", "name", "namespace", "replicas", "version")

    def __init__(self, kind: str, namespace: str, name: str) -> None:
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.version = ""
        self.replicas: int | None = None
        self.containers: list[Container] = []

    def container(self, name: str) -> Container | None:
        """The container of this name."""
        return next((one for one in self.containers if one.name == name), None)


def workloads(document: Any) -> list[Workload]:
    """The workloads of a document, pods and ReplicaSets counted to what made them; by namespace, name and kind."""
    found: dict[Key, Workload] = {}
    pods: list[tuple[dict[str, Any], list[Key]]] = []
    for thing in unlisted([document]):
        owners = _owners(thing)
        if not owners:
            _add(found, thing)
        elif thing.get("kind") == "Pod":
            pods.append((thing, owners))
    listed = set(found)
    for pod, owners in pods:
        _count(found, pod, next((owner for owner in owners if owner in listed), owners[-1]), listed)
    return [found[key] for key in sorted(found)]


def unlisted(documents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The objects themselves, those of lists too, at most `OBJECTS`."""
    waiting, end = [iter(documents)], object()
    for _ in range(2 * OBJECTS):
        thing = next(waiting[-1], end)
        if thing is end:
            waiting.pop()
            if not waiting:
                return
        elif isinstance(thing, dict) and text(thing.get("kind")).endswith("List") and "items" in thing:
            waiting.append(iter(rows(thing["items"])))
        elif isinstance(thing, dict) and text(thing.get("kind")) and text(at(thing, "metadata", "name")):
            yield thing


def at(value: Any, *keys: str) -> Any:
    """What lies below keys, None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any) -> str:
    """A text, empty for anything else."""
    return value if isinstance(value, str) else ""


def rows(value: Any) -> list[Any]:
    """An array, empty for anything else. Null among the items would end an iteration early."""
    return [item for item in value if item is not None] if isinstance(value, list) else []


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else 0


def identity(thing: dict[str, Any]) -> Key:
    """Namespace, name and kind."""
    return text(at(thing, "metadata", "namespace")), text(at(thing, "metadata", "name")), text(thing.get("kind"))


def _owners(thing: dict[str, Any]) -> list[Key]:
    """What a pod or ReplicaSet may have been made by: the owner it names, then that owner's own; none without one.

    A Deployment's ReplicaSet and a CronJob's Job are named after it, with a hash or a time behind a hyphen.
    """
    namespace = text(at(thing, "metadata", "namespace"))
    for reference in rows(at(thing, "metadata", "ownerReferences")):
        kind, name = text(at(reference, "kind")), text(at(reference, "name"))
        stem, hyphen, tail = name.rpartition("-")
        own = [(namespace, name, kind)] if kind in TEMPLATES else []
        if kind == "ReplicaSet" and hyphen and tail == text(at(thing, "metadata", "labels", "pod-template-hash")):
            return [*own, (namespace, stem, "Deployment")]
        if kind == "Job" and hyphen and tail.isdigit() and len(tail) >= MINUTES_DIGITS:
            return [*own, (namespace, stem, "CronJob")]
        if own:
            return own
    return []


def _add(found: dict[Key, Workload], thing: dict[str, Any]) -> None:
    namespace, name, kind = identity(thing)
    if kind not in TEMPLATES:
        return
    workload = found.setdefault((namespace, name, kind), Workload(kind, namespace, name))
    template = at(thing, *TEMPLATES[kind])
    labels = (at(template, "metadata", "labels"), at(thing, "metadata", "labels"))
    workload.version = next(filter(None, (text(at(label, VERSION_LABEL)) for label in labels)), "")
    workload.containers = list(_containers(template))
    ready = at(thing, "status", "numberReady" if kind == "DaemonSet" else "readyReplicas")
    if kind == "Pod":
        _status(workload, thing)
    elif isinstance(at(thing, "status"), dict) and kind not in PASSING:
        workload.replicas = _number(ready)


def _containers(template: Any) -> Iterator[Container]:
    """The containers of a template, and of the first ones (`initContainers`) those that go on running beside them."""
    spec = at(template, "spec")
    beside = [one for one in rows(at(spec, "initContainers")) if at(one, "restartPolicy") == "Always"]
    for given in [*rows(at(spec, "containers")), *beside][:CONTAINERS]:
        image = text(at(given, "image"))
        container = Container(text(at(given, "name")), image, getattr(image, "line", 0))
        words = rows(at(given, "command")) + rows(at(given, "args"))
        container.command = [text(word) for word in words[:WORDS]] if at(given, "command") else []
        container.env = [name for name in (text(at(item, "name")) for item in rows(at(given, "env"))) if name]
        container.env_from = list(_env_from(rows(at(given, "envFrom"))))
        container.ports = [port for port in map(_port, rows(at(given, "ports"))) if port]
        container.stop_signal = text(at(given, "lifecycle", "stopSignal"))
        yield container


def _port(given: Any) -> int:
    port = at(given, "containerPort")
    return int(port) if isinstance(port, str) and is_port(port) else _number(port)


def _env_from(given: list[Any]) -> Iterator[tuple[str, str, str, bool]]:
    for item in given:
        for member, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = text(at(item, member, "name"))
            if name:
                yield kind, name, text(at(item, "prefix")), at(item, member, "optional") in (True, "true")


def _count(found: dict[Key, Workload], pod: dict[str, Any], key: Key, listed: set[Key]) -> None:
    """Count a pod to its workload, which is known by its pods alone where only pods are listed."""
    if key not in found:
        workload = found[key] = Workload(key[2], key[0], key[1])
        workload.containers = list(_containers(pod))
        workload.version = text(at(pod, "metadata", "labels", VERSION_LABEL))
    statuses = rows(at(pod, "status", "containerStatuses"))
    if key not in listed and key[2] not in PASSING:
        ready = bool(statuses) and all(at(status, "ready") is True for status in statuses)
        found[key].replicas = (found[key].replicas or 0) + ready
    _status(found[key], pod)


def _status(workload: Workload, pod: dict[str, Any]) -> None:
    """Take what a pod says of itself. One that is over (a Job's, say) has nothing that runs."""
    statuses = rows(at(pod, "status", "containerStatuses")) + rows(at(pod, "status", "initContainerStatuses"))
    over = at(pod, "status", "phase") in ("Succeeded", "Failed")
    for status in statuses:
        container = workload.container(text(at(status, "name")))
        if container is None:
            continue
        container.restarts += _number(at(status, "restartCount"))
        container.stop_signal = container.stop_signal or text(at(status, "stopSignal"))
        for state in ("state", "lastState"):
            code = at(status, state, "terminated", "exitCode")
            container.exit_codes |= {code} if isinstance(code, int) and not isinstance(code, bool) else set()
        if not over and at(status, "state", "running") is not None:
            container.digests |= set(filter(None, [digest_of(text(at(status, "imageID")))]))


def digest_of(reference: str) -> str:
    """The digest in `docker-pullable://registry/name@sha256:...`; empty where it is none.

    An imageID without a name before the digest is that of the image's own configuration, which no registry knows.
    """
    name, at_sign, digest = reference.partition(DIGEST)
    whole = len(digest) == 64 and all(char in "0123456789abcdef" for char in digest)  # noqa: PLR2004 -- sha256 in hex
    return "sha256:" + digest if name and at_sign and whole else ""
