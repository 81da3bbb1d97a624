"""Addresses of the pages. They carry no trailing slash, and every filter stands in the query."""

from django.urls import path, re_path

from paritycheck.web.signing.views import SignIn
from paritycheck.web.views.account_tokens import account_tokens, new_account_token, revoke_account_token
from paritycheck.web.views.agent import agent_file
from paritycheck.web.views.alerts import alerts, delivery_act
from paritycheck.web.views.audit import audit, system_audit
from paritycheck.web.views.badge import badge, end_badge, make_badge
from paritycheck.web.views.channels import channel_act, channels, new_channel
from paritycheck.web.views.compare import compare
from paritycheck.web.views.digests import digest_preview, digests, send_digest
from paritycheck.web.views.downloads import download
from paritycheck.web.views.drift import drift
from paritycheck.web.views.environment import environment
from paritycheck.web.views.environments import environments
from paritycheck.web.views.factors import factors
from paritycheck.web.views.gates import gate, gates
from paritycheck.web.views.invited import invited
from paritycheck.web.views.live import live_project, live_projects
from paritycheck.web.views.manual import manual, manual_search, problem
from paritycheck.web.views.matrix import cell, matrix
from paritycheck.web.views.members import member_act, members, new_member
from paritycheck.web.views.new_project import new_project
from paritycheck.web.views.personnel import personnel
from paritycheck.web.views.picking import assign, pick
from paritycheck.web.views.policy import backtest_run, policy, policy_backtest, policy_trial
from paritycheck.web.views.projects import projects
from paritycheck.web.views.search import search
from paritycheck.web.views.session import SignOut, preferences
from paritycheck.web.views.settings import new_environment, set_baseline, set_environment, settings_page
from paritycheck.web.views.snapshots import snapshot
from paritycheck.web.views.start import start, start_token, start_waiting
from paritycheck.web.views.subscriptions import new_subscription, subscription_act, subscriptions
from paritycheck.web.views.system import system
from paritycheck.web.views.time import time
from paritycheck.web.views.tokens import change_from, end_trust, new_token, new_trust, revoke, tokens
from paritycheck.web.views.tools_gap import tools
from paritycheck.web.views.unsubscribe import confirming, unsubscribing
from paritycheck.web.views.waivers import end, new_waiver, waive, waivers

app_name = "web"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IDENT = r"(?P<token_id>[0-9A-Za-z]{12})"
_PROJECT = r"^p/(?P<slug>[a-z0-9][a-z0-9-]{0,62})"
_ENVIRONMENT = rf"{_PROJECT}/environments/(?P<environment_slug>[a-z0-9][a-z0-9-]{{0,62}})"
_ALERTS = rf"{_PROJECT}/alerts"
_DELIVERY = rf"{_ALERTS}/deliveries/(?P<delivery_id>{_UUID})"
_SUBSCRIPTION = rf"{_ALERTS}/subscriptions/(?P<subscription_id>{_UUID})"
_DIGEST = rf"{_ALERTS}/digests/(?P<subscription_id>{_UUID})"

urlpatterns = [
    path("", projects, name="projects"),
    path("live", live_projects, name="live-projects"),
    path("new", new_project, name="new-project"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", SignOut.as_view(), name="sign-out"),
    path("unsubscribe/<str:token>", unsubscribing, name="unsubscribe"),
    path("confirm/<str:token>", confirming, name="confirm"),
    path("invited/<str:token>", invited, name="invited"),
    path("preferences", preferences, name="preferences"),
    path("account/tokens", account_tokens, name="account-tokens"),
    path("account/tokens/new", new_account_token, name="new-account-token"),
    re_path(rf"^account/tokens/{_IDENT}/revoke$", revoke_account_token, name="revoke-account-token"),
    path("system", system, name="system"),
    path("system/audit", system_audit, name="system-audit"),
    re_path(r"^agent/(?P<name>parity\.(?:pyz(?:\.sha256)?|service))$", agent_file, name="agent-file"),
    path("search", search, name="search"),
    path("problems/<slug:code>", problem, name="problem"),
    path("docs", manual, name="docs"),
    path("docs/search", manual_search, name="manual-search"),
    path("docs/<slug:slug>", manual, name="manual"),
    re_path(rf"{_PROJECT}$", matrix, name="matrix"),
    re_path(rf"{_PROJECT}/start$", start, name="start"),
    re_path(rf"{_PROJECT}/start/token$", start_token, name="start-token"),
    re_path(rf"{_PROJECT}/start/waiting$", start_waiting, name="start-waiting"),
    re_path(rf"{_PROJECT}/live$", live_project, name="live"),
    re_path(rf"{_PROJECT}/cell$", cell, name="cell"),
    re_path(rf"{_PROJECT}/d/(?P<prefix>[0-9a-f]{{10,64}})$", drift, name="drift"),
    re_path(rf"{_PROJECT}/compare$", compare, name="compare"),
    re_path(rf"{_PROJECT}/(?P<what>drifts|compare|deploys|waivers)\.csv$", download, name="download"),
    re_path(rf"{_PROJECT}/factors$", factors, name="factors"),
    re_path(rf"{_PROJECT}/d/(?P<prefix>[0-9a-f]{{10,64}})/waive$", waive, name="waive"),
    re_path(rf"{_PROJECT}/waivers$", waivers, name="waivers"),
    re_path(rf"{_PROJECT}/waivers/new$", new_waiver, name="new-waiver"),
    re_path(rf"{_PROJECT}/waivers/picked$", pick, name="pick"),
    re_path(rf"{_PROJECT}/assign$", assign, name="assign"),
    path("p/<slug:slug>/waivers/<uuid:waiver_id>/end", end, name="end-waiver"),
    re_path(rf"{_PROJECT}/time$", time, name="time"),
    re_path(rf"{_PROJECT}/personnel$", personnel, name="personnel"),
    re_path(rf"{_PROJECT}/tools$", tools, name="tools"),
    re_path(rf"{_PROJECT}/environments$", environments, name="environments"),
    re_path(rf"{_ENVIRONMENT}$", environment, name="environment"),
    re_path(rf"{_ENVIRONMENT}/(?P<number>[1-9][0-9]{{0,8}})$", snapshot, name="snapshot"),
    re_path(rf"{_PROJECT}/gate$", gates, name="gates"),
    re_path(rf"{_PROJECT}/settings$", settings_page, name="settings"),
    re_path(rf"{_PROJECT}/settings/baseline$", set_baseline, name="set-baseline"),
    re_path(rf"{_PROJECT}/settings/environments/new$", new_environment, name="new-environment"),
    re_path(
        rf"{_PROJECT}/settings/environments/(?P<environment_slug>[a-z0-9][a-z0-9-]{{0,62}})/change$",
        set_environment,
        name="set-environment",
    ),
    re_path(rf"{_PROJECT}/settings/policy$", policy, name="policy"),
    re_path(rf"{_PROJECT}/settings/policy/trial$", policy_trial, name="policy-trial"),
    re_path(rf"{_PROJECT}/settings/policy/backtest$", policy_backtest, name="policy-backtest"),
    path("p/<slug:slug>/settings/policy/backtest/<uuid:run_id>", backtest_run, name="policy-backtest-run"),
    re_path(rf"{_PROJECT}/settings/tokens$", tokens, name="tokens"),
    re_path(rf"{_PROJECT}/settings/tokens/new$", new_token, name="new-token"),
    re_path(rf"{_PROJECT}/settings/tokens/{_IDENT}/revoke$", revoke, name="revoke-token"),
    re_path(rf"{_PROJECT}/settings/tokens/{_IDENT}/from$", change_from, name="change-token"),
    re_path(rf"{_PROJECT}/settings/trusts/new$", new_trust, name="new-trust"),
    path("p/<slug:slug>/settings/trusts/<uuid:trust_id>/remove", end_trust, name="remove-trust"),
    re_path(rf"{_PROJECT}/settings/members$", members, name="members"),
    re_path(rf"{_PROJECT}/settings/members/new$", new_member, name="new-member"),
    path("p/<slug:slug>/settings/members/<uuid:user_id>/change", member_act, {"verb": "change"}, name="change-member"),
    path("p/<slug:slug>/settings/members/<uuid:user_id>/invite", member_act, {"verb": "invite"}, name="invite-member"),
    path("p/<slug:slug>/settings/members/<uuid:user_id>/remove", member_act, {"verb": "remove"}, name="remove-member"),
    re_path(rf"{_PROJECT}/settings/badge$", badge, name="badge"),
    re_path(rf"{_PROJECT}/settings/badge/make$", make_badge, name="make-badge"),
    re_path(rf"{_PROJECT}/settings/badge/end$", end_badge, name="end-badge"),
    re_path(rf"{_PROJECT}/settings/audit$", audit, name="audit"),
    re_path(rf"{_ALERTS}(?:/deliveries)?$", alerts, name="alerts"),
    re_path(
        rf"{_DELIVERY}/(?P<verb>send|give-up)$",
        delivery_act,
        name="delivery-act",
    ),
    re_path(rf"{_ALERTS}/channels$", channels, name="alert-channels"),
    re_path(rf"{_ALERTS}/channels/new$", new_channel, name="new-channel"),
    re_path(
        rf"{_ALERTS}/channels/(?P<channel_id>{_UUID})/(?P<verb>change|rotate|test|off|on|remove)$",
        channel_act,
        name="channel-act",
    ),
    re_path(rf"{_ALERTS}/subscriptions$", subscriptions, name="alert-subscriptions"),
    re_path(rf"{_ALERTS}/subscriptions/new$", new_subscription, name="new-subscription"),
    re_path(
        rf"{_SUBSCRIPTION}/(?P<verb>change|end)$",
        subscription_act,
        name="subscription-act",
    ),
    re_path(rf"{_ALERTS}/digests$", digests, name="alert-digests"),
    re_path(rf"{_DIGEST}/preview$", digest_preview, name="digest-preview"),
    re_path(rf"{_DIGEST}/send$", send_digest, name="send-digest"),
    path("p/<slug:slug>/gate/<uuid:verdict_id>", gate, name="gate"),
]
