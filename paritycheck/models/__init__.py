"""Every model, so that Django finds them; each aggregate has a file of its own."""

from paritycheck.models.audit import AuditEntry
from paritycheck.models.backtests import BacktestRun
from paritycheck.models.badges import Badge
from paritycheck.models.bodies import Policy, SectionBody
from paritycheck.models.channels import Channel, ChannelThread
from paritycheck.models.commits import Commit
from paritycheck.models.deliveries import Delivery, DeliveryAttempt, DriftThread
from paritycheck.models.deploys import Deploy
from paritycheck.models.drifts import Drift, DriftEvent
from paritycheck.models.instances import Instance
from paritycheck.models.jobs import Job, PeriodRun, ProcessBeat
from paritycheck.models.links import PersonLink
from paritycheck.models.notices import Notice
from paritycheck.models.pairs import Pair
from paritycheck.models.people import Membership, User
from paritycheck.models.policies import PolicyVersion
from paritycheck.models.projects import Environment, Project
from paritycheck.models.reports import Report
from paritycheck.models.snapshots import Snapshot
from paritycheck.models.subscriptions import Subscription
from paritycheck.models.tokens import Token
from paritycheck.models.trusts import SpentIdToken, Trust
from paritycheck.models.uploads import Upload
from paritycheck.models.verdicts import Verdict
from paritycheck.models.waivers import Waiver

__all__ = [
    "AuditEntry",
    "BacktestRun",
    "Badge",
    "Channel",
    "ChannelThread",
    "Commit",
    "Delivery",
    "DeliveryAttempt",
    "Deploy",
    "Drift",
    "DriftEvent",
    "DriftThread",
    "Environment",
    "Instance",
    "Job",
    "Membership",
    "Notice",
    "Pair",
    "PeriodRun",
    "PersonLink",
    "Policy",
    "PolicyVersion",
    "ProcessBeat",
    "Project",
    "Report",
    "SectionBody",
    "Snapshot",
    "SpentIdToken",
    "Subscription",
    "Token",
    "Trust",
    "Upload",
    "User",
    "Verdict",
    "Waiver",
]
