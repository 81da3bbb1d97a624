"""Forms of django-allauth with the names and words of this product."""

from allauth.account.forms import LoginForm
from django.conf import settings
from typing_extensions import override


class SignInForm(LoginForm):
    """The e-mail address is the log-in name, in lower case as accounts have it; the browser knows it as `username`."""

    @override
    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else str(super().add_prefix(field_name))

    @override
    def clean_login(self) -> str:
        return str(super().clean_login()).lower()

    @override
    def clean(self) -> dict[str, object]:
        """No password opens anything where single sign-on is the only way."""
        if settings.OIDC_ONLY:
            self.add_error(None, "Sign in by single sign-on.")
            return dict(self.cleaned_data)
        return dict(super().clean())

    @property
    def too_many(self) -> bool:
        """Whether the answer is that there were too many failed attempts."""
        return bool(self.has_error("__all__", "too_many_login_attempts"))
