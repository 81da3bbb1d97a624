"""Projects with many environments and instances, and the requests that their agents send. No benchmark by itself."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.reports import check_report
from tests.benchmarks.serving import request

if TYPE_CHECKING:
    from paritycheck.models import Token

Facts = list[dict[str, Any]]
COVERS = ("pkg:npm/", "pkg:pypi/")


@dataclass(slots=True)
class Sender:
    """An agent: where it reports to, by which token, and what it said last."""

    token: Token
    text: str
    instance: str
    told: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    report_id: str = ""
    sent: set[str] = field(default_factory=set)

    def document(self) -> dict[str, Any]:
        """The next report of what it said last."""
        self.seq += 1
        self.report_id = str(uuid.uuid4())
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {
            "schema": "paritycheck.report/1",
            "report_id": self.report_id,
            "seq": self.seq,
            "collected_at": moment,
            "sent_at": moment,
            "agent": {"version": "0.1.0", "interval_s": 300},
            "instance": {"id": self.instance, "kind": "host"},
            "sections": self.told,
        }

    def heartbeat(self) -> bytes:
        """The request of an unchanged report."""
        return self._post("/api/v1/reports", self.document())

    def report(self, found: Facts) -> list[bytes]:
        """The requests of a changed report as an agent sends it: each body that it never sent, then their digests."""
        bodies = packed(found)
        self.told = {"dependencies": {"status": "ok", "digest": bodies[0].digest, "evidence": bodies[1].digest}}
        new = [self._put(each) for each in bodies if each.digest not in self.sent]
        self.sent.update(each.digest for each in bodies)
        return [*new, self._post("/api/v1/reports", self.document())]

    def first(self, found: Facts) -> None:
        """Report in this process, without a server."""
        self.take(packed(found))

    def take(self, bodies: list[Packed]) -> None:
        """What the server does with bodies that came, and with the report of their digests."""
        from paritycheck.codec.digests import to_bytes
        from paritycheck.services.ingest import store_section, take_report

        for digest, body, stored in bodies:
            store_section(token=self.token, digest=to_bytes(digest), decoded=body, gzipped=stored)
        self.told = {"dependencies": {"status": "ok", "digest": bodies[0].digest, "evidence": bodies[1].digest}}
        document = self.document()
        warnings = check_report(document)
        take_report(token=self.token, document=document, warnings=warnings, now=datetime.now(UTC))

    def _put(self, one: Packed) -> bytes:
        path = f"/api/v1/sections/{one.digest.removeprefix('sha256:')}"
        said = {"Content_Type": "application/x-ndjson", "Content_Encoding": "gzip", "Authorization": self._bearer}
        return request("PUT", path, one.stored, **said)

    def _post(self, path: str, document: dict[str, Any]) -> bytes:
        body = json.dumps(document, separators=(",", ":")).encode()
        return request("POST", path, body, Content_Type="application/json", Authorization=self._bearer)

    @property
    def _bearer(self) -> str:
        return f"Bearer {self.text}"


class Packed(NamedTuple):
    """A body as it is sent."""

    digest: str
    body: bytes
    stored: bytes


def packed(found: Facts) -> list[Packed]:
    """Facts and their evidence, as an agent sends them."""
    bodies = canonical.split("dependencies", COVERS, found)
    return [Packed(canonical.digest(body), body, gzip.compress(body, mtime=0)) for body in bodies]


def facts(count: int, changed: int = -1) -> Facts:
    """Packages with names and versions that compress as badly as real ones; the one at `changed` is another version,
    and with a `changed` beyond them all it is another one again.
    """
    return [
        {
            "name": f"pkg:npm/{_word(at, 9)}-{_word(at + 7, 5)}",
            "value": f"{at % 9}.{_odd(at) % 40}.{_odd(at + 1) % 20 if at != changed % count else 1000 + changed}",
            "scope": "direct" if at % 10 == 0 else "transitive",
            "sources": [f"package-lock.json:{at * 11 + 4}"],
        }
        for at in range(count)
    ]


def _odd(at: int) -> int:
    return int.from_bytes(hashlib.sha256(b"%d" % at).digest()[:4], "big")


def _word(at: int, letters: int) -> str:
    return "".join(chr(97 + byte % 20) for byte in hashlib.sha256(b"word %d" % at).digest()[:letters])


def make(slug: str, environments: int, instances: int) -> list[Sender]:
    """A project whose first environment is the baseline, and so many agents in each; none of them has reported."""
    from paritycheck.models import Project
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project
    from paritycheck.services.tokens import issue_token

    names = ["production", *(f"deploy-{number:04}" for number in range(1, environments))]
    plans = [EnvironmentPlan(name, "production" if name == "production" else "staging") for name in names]
    bootstrap_project(slug=slug, environments=plans, admin_email="admin@localhost")
    project = Project.objects.select_related("baseline").get(slug=slug)
    senders = []
    for environment in project.environments.select_related("project__baseline").order_by("created_at"):
        token, text = issue_token(kind=TokenKind.REPORT, project=project, environment=environment)
        senders += [Sender(token, text, f"web-{number}") for number in range(instances)]
    return senders


def refill() -> None:
    """Fill every bucket: what is measured here is work, not its limit."""
    from paritycheck.models import Instance, Token

    Instance.objects.update(bucket=30)
    Token.objects.update(bucket=600)
