"""Django's view of paritycheck: one app."""

from django.apps import AppConfig
from django.core import checks as framework
from typing_extensions import override


class ParitycheckConfig(AppConfig):
    """Binds Celery and registers the system checks."""

    name = "paritycheck"
    verbose_name = "paritycheck"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Import what has to know the settings."""
        from paritycheck.config import checks
        from paritycheck.config.celery import app
        from paritycheck.web.signing import changes

        app.set_default()
        changes.listen()
        framework.register(checks.environment)
        framework.register(checks.public_url)
        framework.register(checks.mail_provider)
        framework.register(checks.pooled_database)
        framework.register(checks.field_key)
        framework.register(checks.outgoing)
        framework.register(checks.oidc_issuers)
        framework.register(checks.revocations_file)
        framework.register(checks.single_sign_on)
        framework.register(checks.sealed_channels, framework.Tags.database)
        framework.register(checks.pgmq_version, framework.Tags.database)
