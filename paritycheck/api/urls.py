"""The addresses of version 1."""

from django.urls import include, path

from paritycheck.api import converters
from paritycheck.api.audit import AuditView
from paritycheck.api.badges import BadgeImageView, BadgeView
from paritycheck.api.cards import CardView
from paritycheck.api.channels import ChannelRotateView, ChannelsView, ChannelTestView, ChannelView
from paritycheck.api.commits import CommitsView
from paritycheck.api.compare import CompareView
from paritycheck.api.deliveries import DeliveriesView, DeliveryView, GiveUpDeliveryView, SendDeliveryView
from paritycheck.api.deploy_hooks import CdeventsHookView, GithubHookView, GitlabHookView
from paritycheck.api.deploys import DeploysView
from paritycheck.api.drifts import DriftsView, DriftView
from paritycheck.api.enrolment import EnrolView, RenewView
from paritycheck.api.environments import EnvironmentsView, EnvironmentView
from paritycheck.api.factors import FactorsView
from paritycheck.api.gate import GateView
from paritycheck.api.members import MembersView, MemberView
from paritycheck.api.oidc import OidcView
from paritycheck.api.parity import ParityView
from paritycheck.api.people import PeopleLinksView, PeopleView
from paritycheck.api.personnel import PersonnelView
from paritycheck.api.policies import PoliciesView
from paritycheck.api.policy import PolicyVersionsView, PolicyView
from paritycheck.api.policy_trial import PolicyBacktestView, PolicyPreviewView
from paritycheck.api.projects import ProjectsView, ProjectView
from paritycheck.api.reports import ReportsView
from paritycheck.api.schema import SchemaView
from paritycheck.api.sections import SectionsView
from paritycheck.api.snapshots import SnapshotsView, SnapshotView
from paritycheck.api.subscriptions import SubscriptionsView, SubscriptionView
from paritycheck.api.time import TimeView
from paritycheck.api.tokens import ProjectTokensView, ProjectTokenView, TokensView, TokenView
from paritycheck.api.tools_gap import ToolsView
from paritycheck.api.trusts import TrustsView, TrustView
from paritycheck.api.uploads import LocksView, SbomView, UploadsView
from paritycheck.api.waivers import WaiverPreviewView, WaiversView, WaiverView

converters.register()

app_name = "api"
PROJECT = "projects/<api-slug:project>"
ENVIRONMENT = f"{PROJECT}/environments/<api-slug:environment>"

version_1 = [
    path("reports", ReportsView.as_view(), name="reports"),
    path("sections/<api-digest:sha256>", SectionsView.as_view(), name="section"),
    path("policies/<api-digest:sha256>", PoliciesView.as_view(), name="policy"),
    path("commits", CommitsView.as_view(), name="commits"),
    path("projects", ProjectsView.as_view(), name="projects"),
    path(PROJECT, ProjectView.as_view(), name="project"),
    path(f"{PROJECT}/environments", EnvironmentsView.as_view(), name="environments"),
    path(ENVIRONMENT, EnvironmentView.as_view(), name="environment"),
    path(f"{ENVIRONMENT}/snapshots", SnapshotsView.as_view(), name="snapshots"),
    path(f"{ENVIRONMENT}/snapshots/<api-snapshot:place>", SnapshotView.as_view(), name="snapshot"),
    path(f"{ENVIRONMENT}/uploads", UploadsView.as_view(), name="uploads"),
    path(f"{ENVIRONMENT}/sbom", SbomView.as_view(), name="sbom"),
    path(f"{ENVIRONMENT}/locks/<api-file:name>", LocksView.as_view(), name="lock"),
    path(f"{PROJECT}/deploys", DeploysView.as_view(), name="deploys"),
    path(f"{PROJECT}/deploys/hooks/github", GithubHookView.as_view(), name="hook-github"),
    path(f"{PROJECT}/deploys/hooks/gitlab", GitlabHookView.as_view(), name="hook-gitlab"),
    path(f"{PROJECT}/deploys/hooks/cdevents", CdeventsHookView.as_view(), name="hook-cdevents"),
    path(f"{PROJECT}/time", TimeView.as_view(), name="time"),
    path(f"{PROJECT}/drifts", DriftsView.as_view(), name="drifts"),
    path(f"{PROJECT}/drifts/<api-drift:ident>", DriftView.as_view(), name="drift"),
    path(f"{PROJECT}/compare", CompareView.as_view(), name="compare"),
    path(f"{PROJECT}/parity", ParityView.as_view(), name="parity"),
    path(f"{PROJECT}/card", CardView.as_view(), name="card"),
    path(f"{PROJECT}/badge", BadgeView.as_view(), name="badge"),
    path("badges/<api-badge:secret>.svg", BadgeImageView.as_view(), name="badge-image"),
    path(f"{PROJECT}/factors", FactorsView.as_view(), name="factors"),
    path(f"{PROJECT}/tools", ToolsView.as_view(), name="tools"),
    path(f"{PROJECT}/policy", PolicyView.as_view(), name="project-policy"),
    path(f"{PROJECT}/policy/preview", PolicyPreviewView.as_view(), name="policy-preview"),
    path(f"{PROJECT}/policy/backtest", PolicyBacktestView.as_view(), name="policy-backtest"),
    path(f"{PROJECT}/policies", PolicyVersionsView.as_view(), name="policy-versions"),
    path(f"{PROJECT}/personnel", PersonnelView.as_view(), name="personnel"),
    path(f"{PROJECT}/people", PeopleView.as_view(), name="people"),
    path(f"{PROJECT}/people/links", PeopleLinksView.as_view(), name="people-links"),
    path(f"{PROJECT}/gate", GateView.as_view(), name="gate"),
    path(f"{PROJECT}/waivers", WaiversView.as_view(), name="waivers"),
    path(f"{PROJECT}/waivers/preview", WaiverPreviewView.as_view(), name="waiver-preview"),
    path(f"{PROJECT}/waivers/<uuid:ident>", WaiverView.as_view(), name="waiver"),
    path(f"{PROJECT}/channels", ChannelsView.as_view(), name="channels"),
    path(f"{PROJECT}/channels/<uuid:ident>", ChannelView.as_view(), name="channel"),
    path(f"{PROJECT}/channels/<uuid:ident>/test", ChannelTestView.as_view(), name="channel-test"),
    path(f"{PROJECT}/channels/<uuid:ident>/rotate", ChannelRotateView.as_view(), name="channel-rotate"),
    path(f"{PROJECT}/deliveries", DeliveriesView.as_view(), name="deliveries"),
    path(f"{PROJECT}/deliveries/<uuid:ident>", DeliveryView.as_view(), name="delivery"),
    path(f"{PROJECT}/deliveries/<uuid:ident>/send", SendDeliveryView.as_view(), name="send-delivery"),
    path(f"{PROJECT}/deliveries/<uuid:ident>/give-up", GiveUpDeliveryView.as_view(), name="give-up-delivery"),
    path(f"{PROJECT}/subscriptions", SubscriptionsView.as_view(), name="subscriptions"),
    path(f"{PROJECT}/subscriptions/<uuid:ident>", SubscriptionView.as_view(), name="subscription"),
    path(f"{PROJECT}/audit", AuditView.as_view(), name="audit"),
    path(f"{PROJECT}/members", MembersView.as_view(), name="members"),
    path(f"{PROJECT}/members/<uuid:ident>", MemberView.as_view(), name="member"),
    path(f"{PROJECT}/tokens", ProjectTokensView.as_view(), name="project-tokens"),
    path(f"{PROJECT}/tokens/<api-token:ident>", ProjectTokenView.as_view(), name="project-token"),
    path(f"{PROJECT}/trusts", TrustsView.as_view(), name="trusts"),
    path(f"{PROJECT}/trusts/<uuid:ident>", TrustView.as_view(), name="trust"),
    path("enroll", EnrolView.as_view(), name="enroll"),
    path("enroll/renew", RenewView.as_view(), name="renew"),
    path("auth/oidc", OidcView.as_view(), name="oidc"),
    path("tokens", TokensView.as_view(), name="tokens"),
    path("tokens/<api-token:ident>", TokenView.as_view(), name="token"),
    path("schema", SchemaView.as_view(), name="schema"),
]
urlpatterns = [path("v1/", include(version_1))]
