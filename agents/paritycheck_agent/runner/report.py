"""Builds a report of what was collected: digests, head, policy, instance (wire.md)."""

from __future__ import annotations

import os
import time

from paritycheck_agent.context import Context
from paritycheck_agent.runner.collecting import collect
from paritycheck_agent.runner.instance import identity
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.canonical import digest, join
from paritycheck_agent.wire.strings import to_nfc
from paritycheck_agent.wire.version import REPORT_SCHEMA, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.collecting import Part

_UUID_VERSION, _UUID_VARIANT = 0x7 << 76, 0b10 << 62


def parts_of(config: Config, *, candidate: bool = False) -> list[Part]:
    """Collect the sections of a checkout; of a gate's candidate what it declares, not what runs here."""
    environ = config.public_environ()
    context = Context(
        config.root,
        environ,
        config.settings,
        config.state_home,
        candidate=candidate,
        kubernetes=config.kubernetes,
        sboms=config.sboms,
    )
    return collect(context, config.agent("collect", ()))


def build(
    config: Config, parts: Sequence[Part], *, seq: int, collected_at: str, dropped: int = 0, interval_s: int = 0
) -> dict[str, Any]:
    """Return the report: everything but the bodies.

    `dropped` counts reports that the spool could not keep; `interval_s` says when the next one comes, 0: none does.
    """
    document: dict[str, Any] = {
        "schema": REPORT_SCHEMA,
        "report_id": uuid7(),
        "seq": seq,
        "collected_at": collected_at,
        "sent_at": now(),
        "agent": {"version": VERSION},
        "instance": identity(_who(config), config.state_home),
        "sections": {part.section: part.entry() for part in parts},
    }
    if dropped:
        document["agent"]["spool_dropped"] = dropped
    if interval_s:
        document["agent"]["interval_s"] = interval_s
    resource = _resource(config)
    if resource:
        document["resource"] = resource
    if config.policy is not None:
        document["policy"] = digest(config.policy)
    commit = commit_of(parts)
    # The commits of a cluster's release need not be in the checkout of whoever looks at it.
    if commit and not config.kubernetes and has_repository(config.root):
        document["head"] = commit
    return document


def _who(config: Config) -> Mapping[str, str]:
    """Return the environment that names the instance. A cluster is one instance, whoever tells of it: a laptop, a
    pipeline, or every few minutes another pod.
    """
    if not config.kubernetes:
        return config.environ
    return {"PARITY_INSTANCE": "kubernetes", **config.environ, "PARITY_INSTANCE_KIND": "pod"}


def bodies_of(parts: Sequence[Part]) -> dict[str, bytes]:
    """Return all bodies by digest."""
    bodies: dict[str, bytes] = {}
    for part in parts:
        bodies.update(part.bodies())
    return bodies


def release_fact(parts: Sequence[Part], name: str) -> str:
    """Return the value of a release fact, empty where it is not known."""
    for part in parts:
        if part.section == "release" and not part.reason:
            for fact in join(part.facts, part.evidence)["facts"]:
                if fact["name"] == name and isinstance(fact.get("value"), str):
                    return str(fact["value"])
    return ""


def commit_of(parts: Sequence[Part]) -> str:
    """Return the commit that runs here, empty where it is not known in full."""
    from paritycheck_agent.wire.fields import is_sha

    commit = release_fact(parts, "commit")
    return commit if is_sha(commit) else ""


def has_repository(root: str) -> bool:
    """Return whether root lies in a git repository, whose commits can be sent."""
    path = os.path.abspath(root)
    while not os.path.exists(os.path.join(path, ".git")):
        parent = os.path.dirname(path)
        if parent == path:
            return False
        path = parent
    return True


def _resource(config: Config) -> dict[str, str]:
    """Return OpenTelemetry resource attributes: the service's name."""
    name = config.environ.get("OTEL_SERVICE_NAME") or config.settings.get("project", {}).get("name", "")
    return {"service.name": to_nfc(str(name))[: limits.NAME_CHARS]} if name else {}


def uuid7() -> str:
    """Return a UUID of version 7: 48 bits of milliseconds, then random bits (RFC 9562, 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | _UUID_VERSION
    value = value & ~(0b11 << 62) | _UUID_VARIANT
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def now() -> str:
    """Return the time in UTC, RFC 3339 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
