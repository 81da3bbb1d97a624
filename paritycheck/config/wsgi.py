"""What the web server calls: heartbeats are answered first, everything else goes on to Django."""

import os
from threading import Timer

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paritycheck.config.settings")
# Somebody waits for the answer, and a thread that waits for PostgreSQL answers nobody else.
os.environ.setdefault("STATEMENT_TIMEOUT_S", "5")
_django = get_wsgi_application()

from paritycheck.api.heartbeat import before  # noqa: E402  the models need the settings that the line above reads
from paritycheck.web.manual_index import draw_ahead  # noqa: E402  as above

MANUAL_AFTER_S = 10
"""When the first reports of a server that just started are through."""
_manual = Timer(MANUAL_AFTER_S, draw_ahead)
_manual.daemon = True
_manual.start()

application = before(_django)
