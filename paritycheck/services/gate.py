"""The gate: would this change, or this promotion, bring drift? Answers the document `paritycheck.gate/1`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from paritycheck.core.expectations import judge
from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import Finding, Judgement
from paritycheck.core.lifecycle import drift_identity
from paritycheck.core.policy import Policy
from paritycheck.core.verdicts import Verdict as Decision
from paritycheck.core.verdicts import decide
from paritycheck.models import Environment, Project, Token, Verdict
from paritycheck.selectors.waivers import Granted
from paritycheck.services.errors import Refused
from paritycheck.services.exhibits import Exhibit, of_candidate, of_environment
from paritycheck.services.gate_waivers import CANDIDATE, Waivers, waivers_of_candidate, waivers_of_promotion
from paritycheck.services.ingest import what_is_missing
from paritycheck.services.pairs import policy_of
from paritycheck.services.verdicts import keep_verdict
from paritycheck_agent.wire.version import GATE_SCHEMA

PERCENT = 100
NOBODY = UUID(int=0)
NO_BASE = {"source": "none", "commit": None, "at": None}


@dataclass(frozen=True, slots=True)
class Question:
    """What fails (`error`, `warning` or `note`), how old evidence may be, how much of it there must be in percent.

    Without `max_age_s` the policy's `unknown-after` decides.
    """

    fail_on: str = "error"
    max_age_s: int | None = None
    min_coverage: int = 0


@dataclass(frozen=True, slots=True)
class _Base:
    """What the default branch brings already, and where that is known from."""

    exhibit: Exhibit | None = None
    said: dict[str, Any] = field(default_factory=lambda: dict(NO_BASE))


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything an answer is made of. `left_id` names the left side in the findings' identities."""

    project: Project
    policy: Policy
    question: Question
    left: Exhibit
    left_id: str
    against: Environment
    right: Exhibit
    base: _Base
    waivers: Waivers
    _judgements: dict[bool, Judgement] = field(default_factory=dict, compare=False)

    def waived(self) -> dict[tuple[str, str, str], Granted]:
        """The waiver of each finding that has one."""
        pairs = ((found.key, self._waiver(found)) for found in self._judged(self.left).findings)
        return {key: granted for key, granted in pairs if granted is not None}

    def _waiver(self, found: Finding) -> Granted | None:
        left, right = self.left.show(found.section, found.left), self.right.show(found.section, found.right)
        return self.waivers.of(found, left, right)

    def decided(self) -> Decision:
        known = self.base.exhibit
        return decide(
            self._judged(self.left),
            self._judged(known) if known is not None else None,
            fail_on=self.question.fail_on,
            min_coverage=self.question.min_coverage / PERCENT,
            against="stale" if self._is_old(self.left) or self._is_old(self.right) else None,
            waived={key: self.waivers.rank(granted) for key, granted in self.waived().items()},
        )

    def _judged(self, left: Exhibit) -> Judgement:
        """Of the candidate or of its base, once each: an answer asks for them several times."""
        of_base = left is not self.left
        if of_base not in self._judgements:
            self._judgements[of_base] = judge(left.side, self.right.side, self.policy)
        return self._judgements[of_base]

    def _is_old(self, exhibit: Exhibit) -> bool:
        most = self.policy.unknown_after_s if self.question.max_age_s is None else self.question.max_age_s
        return exhibit.age_s is None or exhibit.age_s > most

    def document(self, decided: Decision, candidate: dict[str, Any], warnings: list[str], url: str) -> dict[str, Any]:
        """The answer, as `api` has it; `reason` stands with verdict unknown."""
        digest = self.project.policy.digest if self.project.policy else None
        before = self.base.exhibit or self.left
        return {
            "schema": GATE_SCHEMA,
            "verdict": decided.verdict.value,
            "exit_code": decided.exit_code,
            **({"reason": decided.reason} if decided.reason else {}),
            "fail_on": self.question.fail_on,
            "project": self.project.slug,
            "candidate": candidate,
            "against": self._against(),
            "base": self.base.said,
            "policy": {"version": self.project.policy_version, "sha256": bytes(digest).hex() if digest else None},
            "coverage": round(decided.coverage, 4),
            "introduced": [self._finding(found, self.left) for found in decided.introduced],
            "fixed": [self._finding(found, before) for found in decided.fixed],
            "remaining": [self._finding(found, self.left) for found in decided.remaining],
            "waived": [self._waived_finding(found) for found in decided.waived],
            "unknown": [
                {"section": fact.section, "name": fact.name, "reason": fact.reason} for fact in decided.unknown
            ],
            "warnings": warnings,
            "url": url,
        }

    def _waived_finding(self, found: Finding) -> dict[str, Any]:
        granted = self._waiver(found)
        said = ("id", "source", "reason", "owner", "until")
        waiver = {name: granted.document[name] for name in said} if granted is not None else None
        return {**self._finding(found, self.left), "waiver": waiver}

    def _against(self) -> dict[str, Any]:
        latest = self.against.latest
        snapshot = f"{self.against.slug}#{latest.number}" if latest else None
        return {"environment": self.against.slug, "snapshot": snapshot, "age_s": self.right.age_s}

    def _finding(self, found: Finding, left: Exhibit) -> dict[str, Any]:
        return {
            "id": drift_identity(self.project.pk, self.left_id, self.against.pk, *found.key),
            "section": found.section,
            "name": found.name,
            "rule": found.rule,
            "severity": found.severity,
            "distance": found.distance,
            "expectation": found.expectation,
            "left": left.show(found.section, found.left),
            "right": self.right.show(found.section, found.right),
        }


def judge_candidate(
    *, token: Token, project: Project, document: dict[str, Any], warnings: list[str], now: datetime
) -> dict[str, Any]:
    """Judge a valid candidate and keep the verdict; `{"missing": [...]}` and nothing kept where bodies are missing.

    Raises Refused: forbidden (recording without its scope), not-found (`against`), invalid-candidate (no baseline).
    """
    if document.get("record") and "record" not in token.scopes:
        raise Refused("forbidden", 403, "this token may not record")
    against = _against(project, document.get("against"))
    with transaction.atomic():
        missing = what_is_missing(token=token, document=document)
        if missing is not None:
            return missing
        case = _candidate_case(project, against, document, now)
        return _kept(case, document, warnings)


def judge_promotion(
    *, project: Project, environment: Environment, against: str | None, question: Question, now: datetime
) -> dict[str, Any]:
    """Judge what would happen if `against` became as `environment` is. Keeps nothing: there is no change to blame,
    so everything that differs counts as introduced.
    """
    right = _against(project, against)
    policy = policy_of(right)
    case = _Case(
        project=project,
        policy=policy,
        question=question,
        left=of_environment(environment, unknown_after_s=policy.unknown_after_s, now=now),
        left_id=str(environment.pk),
        against=right,
        right=of_environment(right, unknown_after_s=policy.unknown_after_s, now=now),
        base=_Base(),
        waivers=waivers_of_promotion(project, policy, environment, right, now),
    )
    latest = environment.latest
    candidate = {
        "environment": environment.slug,
        "snapshot": f"{environment.slug}#{latest.number}" if latest else None,
        "commit": latest.commit or None if latest else None,
        "age_s": case.left.age_s,
    }
    return case.document(case.decided(), candidate, [], f"{settings.PUBLIC_URL}/p/{project.slug}")


def _against(project: Project, slug: str | None) -> Environment:
    rows = project.environments.select_related("latest", "project__policy")
    found = rows.filter(slug=slug).first() if slug else rows.filter(pk=project.baseline_id or NOBODY).first()
    if found is not None:
        return found
    if slug:
        raise Refused("not-found", 404, "there is nothing here, or you have no access to it")
    place = {"pointer": "/against", "code": "invalid-candidate", "detail": "name an environment to compare with"}
    raise Refused("invalid-candidate", 422, "this project has no baseline yet", errors=[place])


def _candidate_case(project: Project, against: Environment, document: dict[str, Any], now: datetime) -> _Case:
    policy = policy_of(against)
    return _Case(
        project=project,
        policy=policy,
        question=Question(document.get("fail_on", "error"), document.get("max_age_s"), document.get("min_coverage", 0)),
        left=of_candidate(project.pk, _known(document["sections"])),
        left_id="candidate",
        against=against,
        right=of_environment(against, unknown_after_s=policy.unknown_after_s, now=now),
        base=_base_of(project, document),
        waivers=waivers_of_candidate(project, policy, document.get("policy"), now),
    )


def _base_of(project: Project, document: dict[str, Any]) -> _Base:
    """The default branch's last recorded candidate, else the sections that the agent sent for the merge-base."""
    recorded = Verdict.objects.filter(project=project, recorded=True)
    commit = document.get("candidate", {}).get("commit")
    if document.get("record") and commit:
        # Recorded a second time a commit is no base of itself.
        recorded = recorded.exclude(commit=commit)
    if document.get("default_branch"):
        recorded = recorded.filter(branch=document["default_branch"])
    last = recorded.order_by("-created_at").first()
    if last is not None:
        said = {"source": "default-branch", "commit": last.commit or None, "at": _zulu(last.created_at)}
        return _Base(of_candidate(project.pk, last.candidate["sections"]), said)
    sent = document.get("base", {})
    if sent.get("sections"):
        said = {"source": "merge-base", "commit": sent.get("commit"), "at": None}
        return _Base(of_candidate(project.pk, _known(sent["sections"])), said)
    return _Base()


def _known(sections: dict[str, Any]) -> dict[str, Any]:
    """The sections that this server knows; those of a newer agent are named in the warnings."""
    return {name: entry for name, entry in sections.items() if name in SECTIONS}


def _zulu(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _said_of(case: _Case, decided: Decision) -> list[str]:
    """A change that accepts its own drift passes, and nobody is to miss that it does."""
    waived = case.waived()
    own = sum(waived[found.key].document["source"] == CANDIDATE for found in decided.waived)
    return [f"parity.toml of this change waives {own} of its own drifts"] if own else []


def _kept(case: _Case, document: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    said = document.get("candidate", {})
    candidate = {"commit": said.get("commit"), "branch": said.get("branch"), "dirty": said.get("dirty", False)}
    record = bool(document.get("record"))
    inputs = {
        "commit": said.get("commit") or "",
        # A pipeline on a detached head that records does so for the default branch.
        "branch": said.get("branch") or (document.get("default_branch", "") if record else ""),
        "sections": _known(document["sections"]),
        "base": document.get("base", {}),
        "asked": [case.question.fail_on, *map(document.get, ("default_branch", "max_age_s", "min_coverage", "policy"))],
        "dirty": candidate["dirty"],
    }
    decided = case.decided()
    answer = case.document(decided, candidate, [*warnings, *_said_of(case, decided)], "")
    return keep_verdict(project=case.project, against=case.against, inputs=inputs, record=record, document=answer)
