"""Settings of the peers: the same database by Django's own backend, kept open and not even looked at, and nothing
between the server and their views.
"""

from typing import Any

from paritycheck.config.settings import ALLOWED_HOSTS, DATABASES, DEFAULT_AUTO_FIELD, SECRET_KEY

INSTALLED_APPS = ["tests.benchmarks.served"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.benchmarks.served.peers"
_OURS: dict[str, Any] = DATABASES["default"]
DATABASES = {"default": {**_OURS, "ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": False}}
__all__ = ["ALLOWED_HOSTS", "DATABASES", "DEFAULT_AUTO_FIELD", "INSTALLED_APPS", "MIDDLEWARE", "ROOT_URLCONF"]
__all__ += ["SECRET_KEY"]
