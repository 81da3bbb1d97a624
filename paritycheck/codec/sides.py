"""A comparison's row as documents show it: both facts with what people may see of them, never a fingerprint."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from paritycheck.codec.comparing import Compared
from paritycheck.core.comparison import Relation, Row
from paritycheck.core.facts import Fact

SHOWN = ("keys", "via", "scope", "groups", "declared", "shape", "scheme", "host", "length", "plain", "variant")
BUCKETS: Mapping[str, Relation] = {
    "different": Relation.DIFFERENT,
    "left": Relation.ONLY_LEFT,
    "right": Relation.ONLY_RIGHT,
    "unknown": Relation.UNKNOWN,
    "same": Relation.SAME,
}
"""What rows are sorted into, by the word that asks for them."""
BUCKET_OF = {relation: word for word, relation in BUCKETS.items()}


def fact_document(fact: Fact, sources: Iterable[Any] = (), read_at: str | None = None) -> dict[str, Any]:
    """`state`, and as far as known `kind`, `value` (a list where several hold), `reason`, `sources`, `read_at`."""
    several = list(fact.values) if fact.values[1:] else fact.value
    said = {"kind": fact.kind, "value": several, "reason": fact.reason}
    shown = {name: fact.members[name] for name in SHOWN if fact.members.get(name)}
    where = {"sources": list(sources), "read_at": read_at}
    return {
        "name": fact.name,
        "state": fact.state.value,
        **{name: value for name, value in {**said, **where}.items() if value is not None},
        **shown,
    }


def row_document(row: Row, left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """One row, its sides made by `fact_document`."""
    return {
        "section": row.section,
        "name": row.name,
        "bucket": BUCKET_OF[row.relation],
        "distance": row.distance,
        "reason": row.reason,
        "left": left,
        "right": right,
    }


def counts_of(compared: Compared) -> dict[str, dict[str, int]]:
    """Rows by section and bucket, all five of them; sections that have none are left out."""
    counts: dict[str, Counter[str]] = {name: Counter({"same": count}) for name, count in compared.same.items() if count}
    for row in compared.rows:
        counts.setdefault(row.section, Counter())[BUCKET_OF[row.relation]] += 1
    return {name: {bucket: counts[name][bucket] for bucket in BUCKETS} for name in sorted(counts)}


def total(sections: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The sum of what `counts_of` gives, by bucket."""
    return {bucket: sum(counts[bucket] for counts in sections.values()) for bucket in BUCKETS}
