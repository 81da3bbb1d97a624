"""Kafka and Redpanda: ApiVersions, which a broker answers before SASL; no credentials are shown.

No version is in it. It is inferred from the highest `metadata.version` that the broker supports (KRaft), else from
the versions of its APIs (kafka.apache.org/protocol; KIP-482, KIP-511 and KIP-584). The level that the cluster has
settled on, `metadata.version` as finalized, may stay behind for long and is a setting.
"""

from __future__ import annotations

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("kafka", "redpanda")
API_VERSIONS = 18
FLEXIBLE = 3
CLIENT = b"paritycheck"
ANSWER_BYTES = 64 * 1024
ITEMS = 1000
UNSUPPORTED_VERSION = 35
SUPPORTED_TAG, FINALIZED_TAG = 0, 2
METADATA = "metadata.version"
# The first level of each release: org.apache.kafka.server.common.MetadataVersion.
LEVELS = (
    *((1, "3.0"), (2, "3.1"), (3, "3.2"), (4, "3.3"), (8, "3.4"), (9, "3.5"), (12, "3.6"), (15, "3.7"), (20, "3.8")),
    *((21, "3.9"), (22, "4.0"), (26, "4.1"), (28, "4.2"), (30, "4.3"), (31, "4.4"), (34, "4.5")),
)
LEVEL_MAX = 34
# What a release was the first to have: an API by its key, in a version.
FIRSTS = (
    *(("4.3", 35, 5), ("4.2", 9, 10), ("4.1", 1, 18), ("4.0", 3, 13), ("3.9", 1, 17), ("3.8", 0, 11), ("3.7", 9, 9)),
    *(("3.6", 24, 4), ("3.5", 2, 8), ("3.4", 4, 7), ("3.3", 29, 3), ("3.2", 11, 9), ("3.1", 3, 12), ("3.0", 9, 8)),
    *(("2.8", 48, 1), ("2.7", 1, 12), ("2.6", 48, 0), ("2.5", 29, 2), ("2.4", 0, 8), ("2.3", 11, 5), ("2.2", 2, 5)),
    *(("2.1", 0, 7), ("2.0", 0, 6), ("1.1", 1, 7)),
)
# AlterReplicaLogDirs and CreateDelegationToken: Apache's broker alone has them, since 1.1.
APACHE = frozenset({34, 38})
# OffsetForLeaderEpoch, the APIs of ACLs, DescribeLogDirs: what Redpanda has of those that other doubles leave out.
REDPANDA = frozenset({23, 29, 30, 31, 35})
HOSTS = (
    *((".confluent.cloud", "confluent-cloud"), (".servicebus.windows.net", "event-hubs")),
    *((".amazonaws.com", "msk"), (".aivencloud.com", "aiven")),
)


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": target.kind if target.kind in KINDS else "kafka", "via": "scheme"}
    try:
        with Connection(target) as connection:
            if target.tls not in ("", "disable"):
                connection.encrypt(hostname=target.tls != "verify-ca")
            versions, features = _ask(connection)
            found["via"] = "handshake"
            _name(target, versions, features, found)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


def _ask(connection: Connection) -> tuple[dict[int, int], dict[int, dict[str, int]]]:
    """The highest version of each API, and features by tag. Brokers before 2.4 refuse a version they do not know."""
    answer = _exchange(connection, FLEXIBLE, bytes([len(CLIENT) + 1]) + CLIENT + b"\x02" + b"0" + b"\0")
    if answer.number(2) != UNSUPPORTED_VERSION:
        return _flexible(answer.rewound())
    answer = _exchange(connection, 0, b"")
    _check(answer.number(2))
    versions = {}
    for _ in range(min(ITEMS, answer.number(4))):
        key, _lowest, highest = answer.number(2), answer.number(2), answer.number(2)
        versions[key] = highest
    return versions, {}


def _exchange(connection: Connection, version: int, body: bytes) -> _Answer:
    number = version + 1
    head = API_VERSIONS.to_bytes(2, "big") + version.to_bytes(2, "big") + number.to_bytes(4, "big")
    head += len(CLIENT).to_bytes(2, "big") + CLIENT + (b"\0" if version >= FLEXIBLE else b"")
    connection.send(len(head + body).to_bytes(4, "big") + head + body)
    size = int.from_bytes(connection.read(4), "big")
    if not 6 <= size <= ANSWER_BYTES:  # noqa: PLR2004 -- number and error
        raise Unanswered("bad-reply")
    answer = connection.read(size)
    if int.from_bytes(answer[:4], "big") != number:
        raise Unanswered("bad-reply")
    return _Answer(answer[4:])


def _check(error: int) -> None:
    if error:
        raise Unanswered("bad-reply")


def _flexible(answer: _Answer) -> tuple[dict[int, int], dict[int, dict[str, int]]]:
    _check(answer.number(2))
    versions: dict[int, int] = {}
    for _ in range(answer.count()):
        key, _lowest, highest = answer.number(2), answer.number(2), answer.number(2)
        versions[key] = highest
        answer.skip_tags()
    answer.number(4)  # how long to wait before the next request
    features: dict[int, dict[str, int]] = {}
    for tag, data in answer.tags():
        if tag in (SUPPORTED_TAG, FINALIZED_TAG):
            features[tag] = _features(_Answer(data), finalized=tag == FINALIZED_TAG)
    return versions, features


def _features(answer: _Answer, *, finalized: bool) -> dict[str, int]:
    """The highest level of each feature; the finalized ones tell it before their lowest."""
    features = {}
    for _ in range(answer.count()):
        name = answer.text()
        levels = (answer.number(2), answer.number(2))
        features[name] = levels[0] if finalized else levels[1]
        answer.skip_tags()
    return features


def _name(target: Target, versions: dict[int, int], features: dict[int, dict[str, int]], found: dict[str, Any]) -> None:
    if API_VERSIONS not in versions:
        raise Unanswered("bad-reply")
    level = features.get(SUPPORTED_TAG, {}).get(METADATA, 0)
    settled = features.get(FINALIZED_TAG, {}).get(METADATA, 0)
    named = [variant for end, variant in HOSTS if target.host.lower().endswith(end)]
    if named:
        found["variant"] = named[0]
    if settled > 0:
        found["settings"] = {METADATA: _release(settled) or str(settled)}
    apache = level > 0 or versions.keys() >= APACHE
    found["kind"] = "redpanda" if not apache and versions.keys() >= REDPANDA else "kafka"
    if not apache:
        raise Unanswered("redacted")
    version = _release(level) if level > 0 else _first(versions)
    if version is None:
        raise Unanswered("unsupported-format")
    found.update(value=version, via="inferred")


def _release(level: int) -> str | None:
    """The release that brought a level of `metadata.version`; None for one from after this was written."""
    return [release for first, release in LEVELS if first <= level][-1] if 0 < level <= LEVEL_MAX else None


def _first(versions: dict[int, int]) -> str | None:
    return next((release for release, key, version in FIRSTS if versions.get(key, -1) >= version), None)


class _Answer:
    """Reads an answer from its start to its end; what goes past the end is a bad reply."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def rewound(self) -> _Answer:
        self.at = 0
        return self

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise Unanswered("bad-reply")
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big", signed=True)

    def varint(self) -> int:
        value = 0
        for shift in (0, 7, 14, 21, 28):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
        raise Unanswered("bad-reply")

    def count(self) -> int:
        """The length of an array, which is written one higher; null is none."""
        count = max(0, self.varint() - 1)
        if count > ITEMS:
            raise Unanswered("bad-reply")
        return count

    def text(self) -> str:
        return self.take(max(0, self.varint() - 1)).decode("utf-8", "replace")

    def tags(self) -> list[tuple[int, bytes]]:
        count = self.varint()
        if count > ITEMS:
            raise Unanswered("bad-reply")
        return [(self.varint(), self.take(self.varint())) for _ in range(count)]

    def skip_tags(self) -> None:
        self.tags()
