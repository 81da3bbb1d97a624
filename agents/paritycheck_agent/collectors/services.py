"""Backing services: what configuration attaches, asked live where it answers, else as files declare it."""

from __future__ import annotations

import re

from paritycheck_agent import redact
from paritycheck_agent.context import Collected
from paritycheck_agent.sources import attachments, configuration, declarations, targets
from paritycheck_agent.sources.schemes import IN_PROCESS
from paritycheck_agent.wire.limits import COVERS, SERVICES, STRING_CHARS, VERSION_CHARS
from paritycheck_agent.wire.words import SERVICE_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.connection.target import Target
    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.attachments import Attachment
    from paritycheck_agent.sources.declarations import Declared
    from paritycheck_agent.sources.images import Image

SECTION = "services"
# Kind and module. A kind that is not here is told by its scheme or its image alone.
PROBES = {
    "postgresql": "paritycheck_agent.probes.postgresql",
    "mysql": "paritycheck_agent.probes.mysql",
    "mariadb": "paritycheck_agent.probes.mysql",
    "redis": "paritycheck_agent.probes.redis",
    "valkey": "paritycheck_agent.probes.redis",
    "dragonfly": "paritycheck_agent.probes.redis",
    "keydb": "paritycheck_agent.probes.redis",
    "rabbitmq": "paritycheck_agent.probes.rabbitmq",
    "lavinmq": "paritycheck_agent.probes.rabbitmq",
    "memcached": "paritycheck_agent.probes.memcached",
    "elasticsearch": "paritycheck_agent.probes.elasticsearch",
    "opensearch": "paritycheck_agent.probes.elasticsearch",
    "s3": "paritycheck_agent.probes.s3",
    "clickhouse": "paritycheck_agent.probes.clickhouse",
    "etcd": "paritycheck_agent.probes.etcd",
    "consul": "paritycheck_agent.probes.consul",
    "vault": "paritycheck_agent.probes.vault",
    "openbao": "paritycheck_agent.probes.vault",
    "mongodb": "paritycheck_agent.probes.mongodb",
    "kafka": "paritycheck_agent.probes.kafka",
    "redpanda": "paritycheck_agent.probes.kafka",
    "nats": "paritycheck_agent.probes.nats",
    "mqtt": "paritycheck_agent.probes.mqtt",
    "smtp": "paritycheck_agent.probes.smtp",
    "cassandra": "paritycheck_agent.probes.cassandra",
    "scylla": "paritycheck_agent.probes.cassandra",
    "ldap": "paritycheck_agent.probes.ldap",
    "sqlite": "paritycheck_agent.probes.sqlite",
}
PROBED = 32
# A server that answers and keeps its version to itself is there all the same, and its settings are told.
UNTOLD = "redacted"
ATTRIBUTES = 300
SILENT = frozenset({"connection-refused", "name-not-found", "timeout", "not-collected", "disabled", "no-permission"})
ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def collect(context: Context) -> Collected:
    """All attached services with settings and extensions, then those that only a file declares.

    Of a cluster what runs in it. A Secret can attach what runs elsewhere, so that nothing is said to be absent there.
    """
    if context.kubernetes and not context.candidate:
        return _of_cluster(context)
    found = configuration.read(context)
    attached = attachments.discover(found)
    warnings: list[str] = []
    declared = declarations.read(context, found.project, warnings)
    alone = attachments.declare(attached, declared, candidate=found.candidate)
    over = len(attached) + len(alone) - SERVICES
    if over > 0:
        del attached[SERVICES:], alone[max(0, SERVICES - len(attached)) :]
        warnings.append(f"{over} services left out: at most {SERVICES} are sent")
    wishes = configuration.table(context, SECTION)
    answers = _ask(attached, wishes, candidate=found.candidate)
    facts, covers = _facts(attached, answers, _keys(context, warnings), wishes)
    facts += _declared_only(alone, {fact["name"] for fact in facts})
    if found.project is not None and found.project.complete and over <= 0:
        covers.append("")
    warnings += found.project.warnings if found.project else []
    return Collected(facts, covers[-COVERS:], warnings)


def _keys(context: Context, warnings: list[str]) -> list[bytes]:
    try:
        return redact.keys_of(configuration.key_places(context))
    except redact.KeyFault as fault:
        warnings.append(f"no fingerprints: {fault}")
        return []


# Asking


def _ask(attached: list[Attachment], wishes: Mapping[str, Any], *, candidate: bool) -> dict[str, dict[str, Any]]:
    """What each service answers, by handle. Two handles of one place and one log-in are asked once."""
    asked: dict[tuple[Any, ...], Target] = {}
    for attachment in attached:
        kept = not candidate and _wish(wishes, attachment.handle).get("probe", True) is not False
        if kept and attachment.target.kind in PROBES and len(asked) < PROBED:
            asked.setdefault(_identity(attachment.target), attachment.target)
    answers = _answers(asked)
    return {one.handle: dict(answers.get(_identity(one.target)) or _unasked(one, wishes)) for one in attached}


def _identity(target: Target) -> tuple[Any, ...]:
    return (target.kind, targets.place(target), target.user, target.password, target.token, target.tls)


def _unasked(attachment: Attachment, wishes: Mapping[str, Any]) -> dict[str, Any]:
    refused = _wish(wishes, attachment.handle).get("probe", True) is False
    return {"kind": attachment.target.kind, "via": "scheme", "unknown": "disabled" if refused else "not-collected"}


def _answers(asked: Mapping[tuple[Any, ...], Target]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Ask all at once; one that is not done by its deadline is a timeout."""
    if not asked:
        return {}
    from functools import partial

    from paritycheck_agent.sources import at_once

    questions = {identity: partial(_probe, target) for identity, target in asked.items()}
    answers = at_once.ask(questions, max(target.deadline for target in asked.values()))
    late = {"via": "scheme", "unknown": "timeout"}
    return {identity: answers.get(identity) or {"kind": target.kind, **late} for identity, target in asked.items()}


def _probe(target: Target) -> dict[str, Any]:
    try:
        module = __import__(PROBES[target.kind], fromlist=["probe"])
        answer: dict[str, Any] = module.probe(target)
    except Exception:  # noqa: BLE001 -- whatever a probe met, the other services are told all the same
        return {"kind": target.kind, "via": "scheme", "unknown": "collector-failed"}
    return answer


# Telling


def _facts(
    attached: list[Attachment], answers: Mapping[str, dict[str, Any]], keys: list[bytes], wishes: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    facts: list[dict[str, Any]] = []
    covers: list[str] = []
    numbers: dict[tuple[str, int, str], str] = {}
    for attachment in attached:
        answer = answers[attachment.handle]
        fact = _fact(attachment, answer)
        where = targets.place(attachment.target)
        if where is not None:
            fact["resource"] = numbers.setdefault(where, f"r{len(numbers) + 1}")
            fact.update(_fingerprints(attachment.target, where, keys))
        _override(fact, _wish(wishes, attachment.handle))
        facts += [fact, *_attributes(attachment.handle, answer)]
        covers += [f"{attachment.handle}.extension."] if _is_whole(answer.get("extensions")) else []
    return facts, covers


def _fact(attachment: Attachment, answer: Mapping[str, Any]) -> dict[str, Any]:
    fact: dict[str, Any] = {"name": attachment.handle, "kind": attachment.target.kind, "via": "scheme"}
    # What lives in the process needs no version: where SQLite's is not told, the kind says enough.
    if attachment.target.kind not in IN_PROCESS or "value" in answer:
        fact.update({key: answer[key] for key in ("kind", "via", "value", "unknown", "variant") if key in answer})
    if "value" in fact:
        fact["value"] = fact["value"][:VERSION_CHARS]
    elif fact.get("unknown") == UNTOLD:
        del fact["unknown"]
    fact["keys"] = attachment.keys
    fact["sources"] = (["probe"] if fact["via"] in ("handshake", "auth", "inferred") else []) + list(
        dict.fromkeys(attachment.sources)
    )
    if attachment.declared is not None:
        _declare(fact, attachment.declared)
    return fact


def _declare(fact: dict[str, Any], declared: Declared) -> None:
    """Where nothing answers, what the file declares counts; where something does, what differs from it is told.

    Declared and running is one fact, and the place of the declaration is evidence even where both agree.
    """
    written = declared.written or declared.image
    version = written.version if written.kind == fact["kind"] else None
    if fact["via"] == "scheme" and fact.get("unknown") in SILENT and declared.certain:
        del fact["unknown"]
        fact.update(_members(declared.image))
    elif version is None:
        return
    elif declared.certain and not fact.keys() & {"value", "unknown"}:
        fact.update(value=version, via="declared")
    if version is not None and not _agree(version, fact.get("value")):
        fact["declared"] = version
    # First where its value was read: a pull request shows a drift on that line.
    places = [fact["sources"], declared.sources][:: -1 if fact.get("via") == "declared" else 1]
    fact["sources"] = list(dict.fromkeys(place for several in places for place in several))


def _members(image: Image) -> dict[str, Any]:
    members: dict[str, Any] = {"kind": image.kind, "via": "declared"}
    members.update({"value": image.version} if image.version else {"unknown": "unpinned"})
    return {**members, "variant": image.variant} if image.variant else members


def _agree(declared: str, value: str | None) -> bool:
    """The version that runs is the declared one, as far as that is told: 16.9 is a 16."""
    return value is not None and (value + ".").startswith(declared + ".")


def _declared_only(alone: list[Declared], taken: set[str]) -> list[dict[str, Any]]:
    facts = []
    for declared in alone:
        handle = targets.whole_handle(declared.container.name)
        handle = f"{declared.origin}-{handle}" if handle in taken else handle
        if handle and handle not in taken:
            taken.add(handle)
            facts.append({"name": handle, **_members(declared.image), "sources": declared.sources})
    return facts


def _of_cluster(context: Context) -> Collected:
    from paritycheck_agent.sources import cluster

    running = cluster.read(context)
    wishes = configuration.table(context, SECTION)
    facts: dict[str, dict[str, Any]] = {}
    for name, image in cluster.backing(running) if running else ():
        handle = targets.whole_handle(name)
        fact = {"name": handle, **_members(image), "sources": [cluster.SOURCE]}
        if handle and facts.setdefault(handle, fact) != fact:
            facts[handle] = {"name": handle, "kind": image.kind, "unknown": "unpinned", "sources": [cluster.SOURCE]}
    for handle, fact in facts.items():
        _override(fact, _wish(wishes, handle))
    return Collected(list(facts.values())[:SERVICES], [], running.warnings if running else [])


def _wish(wishes: Mapping[str, Any], handle: str) -> Mapping[str, Any]:
    """The table `[services.<handle>]` of parity.toml."""
    wish = wishes.get(handle)
    return wish if isinstance(wish, dict) else {}


def _override(fact: dict[str, Any], wish: Mapping[str, Any]) -> None:
    """What parity.toml says of a service goes before what is seen of it."""
    if isinstance(wish.get("kind"), str) and wish["kind"] in SERVICE_KINDS:
        fact["kind"] = wish["kind"]
    if isinstance(wish.get("version"), str) and wish["version"]:
        fact.pop("unknown", None)
        fact.update(value=wish["version"][:VERSION_CHARS], via="declared")
        fact["sources"].append("parity.toml")


def _is_whole(members: Mapping[str, str] | None) -> bool:
    """Whether all of what a service told of is sent."""
    return members is not None and len(members) <= ATTRIBUTES and all(map(_can_be_sent, members.items()))


def _can_be_sent(member: tuple[str, str]) -> bool:
    return ATTRIBUTE_NAME.fullmatch(member[0]) is not None and len(member[1]) <= STRING_CHARS


def _attributes(handle: str, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    facts = []
    for word, members in (("setting", "settings"), ("extension", "extensions")):
        for name, value in sorted(answer.get(members, {}).items())[:ATTRIBUTES]:
            if _can_be_sent((name, value)):
                facts.append({"name": f"{handle}.{word}.{name.lower()}", "value": value, "sources": ["probe"]})
    return facts


def _fingerprints(target: Target, where: tuple[str, int, str], keys: list[bytes]) -> dict[str, list[str]]:
    """Keyed fingerprints of host:port/database, of hosts only that mean the same wherever they are named."""
    if target.path or not keys:
        return {}
    host, port, database = where
    text = f"{host}:{port}/{database}"
    from paritycheck_agent.shapes import host_of

    kind = host_of(f"x://{host}")
    worldwide = kind == "public" or ("." in host and kind == "name")
    if not worldwide or not redact.may_fingerprint(text, "url"):
        return {}
    return {"fps": [redact.fingerprint(key, "resource", text) for key in keys]}
