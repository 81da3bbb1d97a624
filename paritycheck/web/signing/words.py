"""What people are told on the way in."""

from typing import Any, Final

from allauth.socialaccount.providers.base import AuthError

WRONG: Final = "No account has this e-mail address and password."
TOO_MANY: Final = "Too many failed attempts. Wait a quarter of an hour, then try again."
ERRORS: Final[dict[str, Any]] = {
    "email_password_mismatch": WRONG,
    "account_inactive": WRONG,
    "invalid_login": WRONG,
    "too_many_login_attempts": TOO_MANY,
    "rate_limited": TOO_MANY,
    "incorrect_password": "That is not your password.",
    "enter_current_password": "That is not your password.",
    "incorrect_code": "That code is wrong, or was used already.",
    "invalid_password_reset": "This link is no longer good. Ask for a new one.",
}
FACTOR_ERRORS: Final[dict[str, Any]] = {
    "incorrect_code": "That did not work: the code or key is wrong or was used already."
}
MESSAGES: Final = {
    "account/messages/password_changed.txt": "Your password was changed. Every other session of yours has ended.",
    "mfa/messages/totp_activated.txt": "Signing in asks for a code from now on.",
    "mfa/messages/totp_deactivated.txt": "Signing in asks for no code any more.",
    "mfa/messages/webauthn_added.txt": "The passkey was added.",
    "mfa/messages/webauthn_removed.txt": "The passkey was removed.",
    "mfa/messages/recovery_codes_generated.txt": "There are new recovery codes; older ones are void.",
}

NOT_LET_IN: Final = (
    "The provider knows you, but this installation does not let you in. Ask an administrator for an invitation."
)
UNVERIFIED: Final = "The provider has not verified your e-mail address, so it cannot say which account is yours."
NO_LONGER: Final = "This account is closed. Ask an administrator."
CANCELLED: Final = "You did not finish signing in at the provider."
UNTRUE: Final = "What the provider answered could not be trusted. Try again; if it stays so, tell an administrator."
TOO_OLD: Final = "This way in was begun elsewhere or too long ago. Begin again."


def of_error(error: Any, exception: Exception | None) -> str:
    """The words for what went wrong between here and the provider."""
    if exception is not None:
        return UNTRUE
    return CANCELLED if error == AuthError.CANCELLED else TOO_OLD
