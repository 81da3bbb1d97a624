"""Addresses of the pages. They carry no trailing slash, and every filter stands in the query."""

from django.urls import path, re_path

from paritycheck.web.views.compare import compare
from paritycheck.web.views.drift import drift
from paritycheck.web.views.environments import environment, environments
from paritycheck.web.views.factors import factors
from paritycheck.web.views.gates import gate, gates
from paritycheck.web.views.live import live_project, live_projects
from paritycheck.web.views.manual import manual
from paritycheck.web.views.matrix import cell, matrix
from paritycheck.web.views.personnel import personnel
from paritycheck.web.views.policy import policy, policy_backtest, policy_trial
from paritycheck.web.views.projects import projects
from paritycheck.web.views.session import SignIn, SignOut, preferences
from paritycheck.web.views.snapshots import snapshot
from paritycheck.web.views.system import system
from paritycheck.web.views.waivers import end, new_waiver, waive, waivers

app_name = "web"
_PROJECT = r"^p/(?P<slug>[a-z0-9][a-z0-9-]{0,62})"
_ENVIRONMENT = rf"{_PROJECT}/environments/(?P<environment_slug>[a-z0-9][a-z0-9-]{{0,62}})"

urlpatterns = [
    path("", projects, name="projects"),
    path("live", live_projects, name="live-projects"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", SignOut.as_view(), name="sign-out"),
    path("preferences", preferences, name="preferences"),
    path("system", system, name="system"),
    path("docs", manual, name="docs"),
    path("docs/<slug:slug>", manual, name="manual"),
    re_path(rf"{_PROJECT}$", matrix, name="matrix"),
    re_path(rf"{_PROJECT}/live$", live_project, name="live"),
    re_path(rf"{_PROJECT}/cell$", cell, name="cell"),
    re_path(rf"{_PROJECT}/d/(?P<prefix>[0-9a-f]{{10,64}})$", drift, name="drift"),
    re_path(rf"{_PROJECT}/compare$", compare, name="compare"),
    re_path(rf"{_PROJECT}/factors$", factors, name="factors"),
    re_path(rf"{_PROJECT}/d/(?P<prefix>[0-9a-f]{{10,64}})/waive$", waive, name="waive"),
    re_path(rf"{_PROJECT}/waivers$", waivers, name="waivers"),
    re_path(rf"{_PROJECT}/waivers/new$", new_waiver, name="new-waiver"),
    path("p/<slug:slug>/waivers/<uuid:waiver_id>/end", end, name="end-waiver"),
    re_path(rf"{_PROJECT}/personnel$", personnel, name="personnel"),
    re_path(rf"{_PROJECT}/environments$", environments, name="environments"),
    re_path(rf"{_ENVIRONMENT}$", environment, name="environment"),
    re_path(rf"{_ENVIRONMENT}/(?P<number>[1-9][0-9]{{0,8}})$", snapshot, name="snapshot"),
    re_path(rf"{_PROJECT}/gate$", gates, name="gates"),
    re_path(rf"{_PROJECT}/settings/policy$", policy, name="policy"),
    re_path(rf"{_PROJECT}/settings/policy/trial$", policy_trial, name="policy-trial"),
    re_path(rf"{_PROJECT}/settings/policy/backtest$", policy_backtest, name="policy-backtest"),
    path("p/<slug:slug>/gate/<uuid:verdict_id>", gate, name="gate"),
]
