"""What the server calls for the peers: Django as it comes."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
