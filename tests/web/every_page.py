"""Every page there is, by the name of its route: addresses with the states that a filter or a link of theirs leads to.

What walks all pages (test_walk.py, test_queries.py) takes them from here, so a page stands here once; a route that
stands in none of the lists fails test_walk.py.
"""

from __future__ import annotations

from typing import Final

from paritycheck.web.manual_pages import LEAVES

Pages = dict[str, tuple[str, ...]]
P: Final = "/p/shop"

# For whoever comes.
OPEN: Final[Pages] = {
    "docs": ("/docs",),
    "manual": tuple(f"/docs/{leaf.slug}" for leaf in LEAVES),
    "manual-search": ("/docs/search", "/docs/search?q=baseline", "/docs/search?q=nothing-like-it"),
    "unsubscribe": ("/unsubscribe/{unsubscribe}",),
    "confirm": ("/confirm/{confirm}",),
    "invited": ("/invited/{invited}",),
}
# For who has not signed in yet.
SIGNING_IN: Final[Pages] = {
    "sign-in": ("/sign-in",),
    "account_login": ("/sign-in?next=/p/shop",),
    "account_reset_password": ("/sign-in/forgotten",),
    "account_reset_password_done": ("/sign-in/forgotten/sent",),
    "account_reset_password_from_key_done": ("/sign-in/forgotten/done",),
    "account_reset_password_from_key": ("/sign-in/forgotten/abc-def", "/sign-in/forgotten/{reset}"),
}
# Of a person, whatever the person is elsewhere.
OWN: Final[Pages] = {
    "projects": ("/", "/?q=shop", "/?q=nothing-like-it"),
    "search": ("/search", "/search?q=stripe&in=shop", "/search?q=strpie"),
    "account": ("/account",),
    "account_change_password": ("/account/password",),
    "account_reauthenticate": ("/account/again",),
    "account-tokens": ("/account/tokens", "/account/tokens?revoke={own_token}"),
    "mfa_activate_totp": ("/account/two-factor",),
    "mfa_list_webauthn": ("/account/passkeys",),
    "mfa_add_webauthn": ("/account/passkeys/add",),
}
# Of a person with a second factor of each kind.
GUARDED: Final[Pages] = {
    "mfa_index": ("/account",),
    "mfa_reauthenticate": ("/account/again/code",),
    "mfa_reauthenticate_webauthn": ("/account/again/passkey",),
    "mfa_deactivate_totp": ("/account/two-factor/off",),
    "mfa_view_recovery_codes": ("/account/two-factor/codes",),
    "mfa_generate_recovery_codes": ("/account/two-factor/codes/new",),
    "mfa_list_webauthn": ("/account/passkeys",),
    "mfa_remove_webauthn": ("/account/passkeys/{passkey}/remove",),
}
# On the way in, between the password and the second step.
HALFWAY: Final[Pages] = {"mfa_authenticate": ("/sign-in/code",)}
OF_ADMINISTRATORS: Final[Pages] = {"system": ("/system",), "system-audit": ("/system/audit",), "new-project": ("/new",)}
# Of whoever is in the project.
OF_PROJECT: Final[Pages] = {
    "matrix": (
        P, f"{P}?show=services&show=dependencies", f"{P}?severity=error", f"{P}?q=stripe", f"{P}?q=nothing-like-it",
        f"{P}?owner=nobody&rule=version",
    ),
    "cell": (f"{P}/cell?environment=ci&section=services&name=celery-broker",),
    "drift": (f"{P}/d/{{drift}}", f"{P}/d/{{missing}}", f"{P}/d/{{kind}}", f"{P}/d/{{waived}}"),
    "compare": (
        f"{P}/compare", f"{P}/compare?left=staging&right=production&show=same", f"{P}/compare?left=nowhere&right=ci",
    ),
    "tools": (f"{P}/tools",),
    "start": (f"{P}/start", f"{P}/start?environment=staging&where=server"),
    "settings": (f"{P}/settings",),
    "factors": (f"{P}/factors", f"{P}/factors?show=broken&environment=ci"),
    "time": (f"{P}/time", f"{P}/time?window=28d&pair=ci..staging&scope=api", f"{P}/time?commits=all&deploys=all"),
    "personnel": (f"{P}/personnel", f"{P}/personnel?window=28d"),
    "environments": (f"{P}/environments",),
    "environment": (f"{P}/environments/staging", f"{P}/environments/development", f"{P}/environments/staging?at=1"),
    "snapshot": (
        f"{P}/environments/staging/1", f"{P}/environments/staging/1?section=services",
        f"{P}/environments/staging/1?q=stripe",
    ),
    "waivers": (f"{P}/waivers", f"{P}/waivers?show=ended", f"{P}/waivers?drifts={{drift}}"),
    "gates": (f"{P}/gate",),
    "gate": (f"{P}/gate/{{verdict}}",),
    "policy": (f"{P}/settings/policy",),
    "badge": (f"{P}/settings/badge",),
    "alerts": (f"{P}/alerts", f"{P}/alerts?open={{delivery}}", f"{P}/alerts?state=dead"),
    "alert-channels": (f"{P}/alerts/channels",),
    "alert-subscriptions": (f"{P}/alerts/subscriptions",),
    "alert-digests": (f"{P}/alerts/digests",),
}  # fmt: skip
# Documents that a page of the project frames; in them no script runs, not even one that looks for faults.
FRAMED: Final[Pages] = {
    "digest-preview": (
        f"{P}/alerts/digests/{{rule}}/preview", f"{P}/alerts/digests/{{rule}}/preview?as=text",
        f"{P}/alerts/digests/{{rule}}/preview?as=slack",
    ),
}  # fmt: skip
# Of its maintainers and owners.
OF_MAINTAINERS: Final[Pages] = {
    "tokens": (
        f"{P}/settings/tokens",
        f"{P}/settings/tokens?revoke={{token}}",
        f"{P}/settings/tokens?trust=github",
        f"{P}/settings/tokens?from={{token}}",
    ),
    "members": (f"{P}/settings/members",),
    "audit": (f"{P}/settings/audit", f"{P}/settings/audit?action=token"),
    "badge": (f"{P}/settings/badge?ask=end",),
    "alert-channels": (f"{P}/alerts/channels?change={{channel}}",),
    "alert-subscriptions": (f"{P}/alerts/subscriptions?change={{rule}}",),
}

# Routes that are no page: what a form posts to, what a page or a program fetches, and what only passes on.
POSTED: Final = frozenset((
    "sign-out", "account_logout", "preferences", "new-account-token", "revoke-account-token", "policy-trial",
    "policy-backtest", "delivery-act", "new-channel", "channel-act", "new-subscription", "subscription-act",
    "send-digest", "new-token", "revoke-token", "new-trust", "remove-trust", "make-badge", "end-badge", "new-member",
    "start-token", "set-baseline", "new-environment", "set-environment", "pick",
    "change-member", "remove-member", "invite-member", "change-token", "waive", "new-waiver", "end-waiver",
))  # fmt: skip
PASSING: Final = frozenset(("problem", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback"))
PARTS: Final = frozenset(("live", "live-projects", "download", "agent-file", "start-waiting", "policy-backtest-run"))

LISTS: Final = (OPEN, SIGNING_IN, OWN, GUARDED, HALFWAY, OF_ADMINISTRATORS, OF_PROJECT, FRAMED, OF_MAINTAINERS)


def templates(*lists: Pages) -> list[str]:
    """Every address of the lists once; names in braces stand for identities."""
    return list(dict.fromkeys(path for pages in lists for paths in pages.values() for path in paths))


def plain(*lists: Pages) -> list[str]:
    """Of every page its first address: the states that links lead to are made of the same parts."""
    return templates(*({name: paths[:1] for name, paths in pages.items()} for pages in lists))
