"""What the web server calls: heartbeats are answered first, everything else goes on to Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paritycheck.config.settings")
# Somebody waits for the answer, and a thread that waits for PostgreSQL answers nobody else.
os.environ.setdefault("STATEMENT_TIMEOUT_S", "5")
_django = get_wsgi_application()

from paritycheck.api.heartbeat import before  # noqa: E402  the models need the settings that the line above reads
from paritycheck.services.standing import guard_connections  # noqa: E402  as above

guard_connections()
application = before(_django)
