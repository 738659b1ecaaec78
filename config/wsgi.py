"""The web application, for granian or any other WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A server that imports this module is a web process: it alone gets a connection pool.
os.environ.setdefault("KOPILKA_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
