"""Addresses of signing in and of the account. The names are those by which django-allauth asks for them."""

from django.urls import path, re_path

from paritycheck.web.signing import oidc, views
from paritycheck.web.views.session import SignOut

_SSO = {"provider_id": oidc.PROVIDER}

urlpatterns = [
    path("sign-in", views.SignIn.as_view(), name="account_login"),
    path("sign-in/code", views.SecondStep.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey", views.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("sign-in/sso", oidc.sign_in, _SSO, name="openid_connect_login"),
    path("sign-in/sso/callback", oidc.callback, _SSO, name="openid_connect_callback"),
    path("sign-in/forgotten", views.Forgotten.as_view(), name="account_reset_password"),
    path("sign-in/forgotten/sent", views.ForgottenSent.as_view(), name="account_reset_password_done"),
    path("sign-in/forgotten/done", views.NewPasswordDone.as_view(), name="account_reset_password_from_key_done"),
    re_path(
        r"^sign-in/forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)$",
        views.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("sign-out", SignOut.as_view(), name="account_logout"),
    path("account", views.account, name="account"),
    path("account", views.account, name="mfa_index"),
    path("account/password", views.ChangePassword.as_view(), name="account_change_password"),
    path("account/again", views.Again.as_view(), name="account_reauthenticate"),
    path("account/again/code", views.AgainByCode.as_view(), name="mfa_reauthenticate"),
    path("account/again/passkey", views.AgainByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/two-factor", views.TwoFactor.as_view(), name="mfa_activate_totp"),
    path("account/two-factor/off", views.TwoFactorOff.as_view(), name="mfa_deactivate_totp"),
    path("account/two-factor/codes", views.Codes.as_view(), name="mfa_view_recovery_codes"),
    path("account/two-factor/codes/new", views.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("account/passkeys", views.Passkeys.as_view(), name="mfa_list_webauthn"),
    path("account/passkeys/add", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
]
