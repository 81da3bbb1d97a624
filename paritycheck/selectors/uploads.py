"""Files that were uploaded for an environment that the caller was given by `selectors.projects`."""

from django.db.models import QuerySet

from paritycheck.models import Environment, Upload


def uploads_of(environment: Environment) -> QuerySet[Upload]:
    """Without what was read of them, which may be large."""
    return Upload.objects.filter(environment=environment).defer("lock")
