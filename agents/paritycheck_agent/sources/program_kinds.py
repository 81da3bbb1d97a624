"""Programs that run applications: what a process of theirs is called, whether it binds a port, who ships its version.

The names are those of the programs' own documentation. A kind says what answers, so the development server of a
framework is a kind of its own: `runserver` is not `gunicorn`, `next-dev` is not `next`.
"""

from __future__ import annotations

# Program: kind (where it is called otherwise) and whether it binds a port.
_SERVERS = (
    "gunicorn", "granian", "uvicorn", "daphne", "hypercorn", "uwsgi", "waitress-serve", "mod_wsgi-express", "bjoern",
    "cheroot", "mangum", "robyn", "sanic", "litestar", "blacksheep", "streamlit", "gradio", "flower", "http.server",
    "puma", "unicorn", "unicorn_rails", "thin", "falcon", "iodine", "passenger", "rackup", "webrick", "pitchfork",
    "php-fpm", "apache2-foreground", "apache2ctl", "httpd", "httpd-foreground", "nginx", "caddy", "frankenphp",
    "heroku-php-apache2", "heroku-php-nginx", "traefik", "haproxy", "envoy", "varnishd",
    "http-server", "remix-serve", "react-router-serve", "live-server", "json-server", "webpack-dev-server", "vite",
    "mlflow", "jupyter", "superset", "prefect",
)  # fmt: skip
_WORKERS = (
    "celery", "dramatiq", "huey_consumer", "arq", "taskiq", "rq", "rqworker", "procrastinate", "sidekiq", "shoryuken",
    "resque", "delayed_job", "good_job", "clockwork", "que", "supercronic", "crond", "cron", "supervisord",
    "honcho", "foreman", "overmind", "hivemind", "s6-svscan", "runsvdir",
)  # fmt: skip
_RENAMED = {
    "waitress-serve": "waitress", "unicorn_rails": "unicorn", "apache2-foreground": "apache", "apache2ctl": "apache",
    "httpd": "apache", "httpd-foreground": "apache", "huey_consumer": "huey", "rqworker": "rq",
    "heroku-php-apache2": "apache", "heroku-php-nginx": "nginx", "uwsgi-core": "uwsgi",
}  # fmt: skip
PROGRAMS: dict[str, tuple[str, bool]] = {
    **{name: (_RENAMED.get(name, name), True) for name in _SERVERS},
    **{name: (_RENAMED.get(name, name), False) for name in _WORKERS},
    "pm2-runtime": ("pm2", False), "pm2": ("pm2", False), "pm2-docker": ("pm2", False), "nodemon": ("nodemon", False),
    "ts-node": ("ts-node", False), "ts-node-dev": ("ts-node", False), "tsx": ("tsx", False),
    "deno": ("deno", False), "java": ("java", False), "air": ("air", False),
}  # fmt: skip
# Program, and by the word that stands among its arguments what runs then; "" where none of them does.
SUBCOMMANDS: dict[str, dict[str, tuple[str, bool]]] = {
    "flask": {"run": ("flask", True), "": ("flask", False)},
    "fastapi": {"dev": ("fastapi-dev", True), "run": ("fastapi", True)},
    "celery": {"flower": ("flower", True), "": ("celery", False)},
    "django-admin": {
        "runserver": ("runserver", True), "runserver_plus": ("runserver", True), "testserver": ("runserver", True),
        "run_gunicorn": ("gunicorn", True), "rungunicorn": ("gunicorn", True), "rundaphne": ("daphne", True),
        "qcluster": ("qcluster", False), "rqworker": ("rq", False), "rqscheduler": ("rq", False),
        "run_huey": ("huey", False), "rundramatiq": ("dramatiq", False), "procrastinate": ("procrastinate", False),
        "db_worker": ("db_worker", False), "process_tasks": ("process_tasks", False), "runworker": ("runworker", False),
        "celery": ("celery", False),
        "migrate": ("migrate", False), "tailwind": ("tailwind", False), "": ("django-admin", False),
    },
    "next": {"start": ("next", True), "build": ("next-build", False), "": ("next-dev", True)},
    "nuxt": {"start": ("nuxt", True), "preview": ("nuxt", True), "dev": ("nuxt-dev", True), "": ("nuxt", False)},
    "nuxi": {"start": ("nuxt", True), "preview": ("nuxt", True), "dev": ("nuxt-dev", True), "": ("nuxt", False)},
    "vite": {"build": ("vite-build", False), "preview": ("vite-preview", True), "": ("vite", True)},
    "astro": {"dev": ("astro-dev", True), "preview": ("astro-preview", True), "": ("astro", False)},
    "remix": {"dev": ("remix-dev", True), "": ("remix", False)},
    "react-router": {"dev": ("react-router-dev", True), "": ("react-router", False)},
    "gatsby": {"develop": ("gatsby-dev", True), "serve": ("gatsby", True), "": ("gatsby", False)},
    "ng": {"serve": ("ng-serve", True), "": ("ng", False)},
    "nest": {"start": ("nest", True), "": ("nest", False)},
    "react-scripts": {"start": ("react-scripts", True), "": ("react-scripts", False)},
    "vue-cli-service": {"serve": ("vue-cli-service", True), "": ("vue-cli-service", False)},
    "serve": {"": ("serve", True)},
    "rails": {"server": ("rails", True), "s": ("rails", True), "": ("rails", False)},
    "rake": {
        "resque:work": ("resque", False), "resque:workers": ("resque", False), "jobs:work": ("delayed_job", False),
        "solid_queue:start": ("solid_queue", False), "sneakers:run": ("sneakers", False), "": ("rake", False),
    },
    "artisan": {
        "serve": ("artisan-serve", True), "queue:work": ("queue-work", False), "queue:listen": ("queue-work", False),
        "horizon": ("horizon", False), "octane:start": ("octane", True), "octane:frankenphp": ("octane", True),
        "schedule:work": ("schedule-work", False), "reverb:start": ("reverb", True), "": ("artisan", False),
    },
    "mix": {"phx.server": ("phoenix", True), "": ("mix", False)},
    "dotnet": {"watch": ("dotnet-watch", False), "": ("dotnet", False)},
    "rr": {"": ("roadrunner", True)},
    "catalina.sh": {"": ("tomcat", True)},
    "streamlit": {"run": ("streamlit", True), "": ("streamlit", False)},
}  # fmt: skip
SUBCOMMANDS["manage.py"] = SUBCOMMANDS["django-admin"]
# Kind: the package whose version is the program's. The first that is installed counts.
PYPI = {
    "runserver": "django", "django-admin": "django", "migrate": "django", "waitress": "waitress",
    "fastapi-dev": "fastapi", "qcluster": "django-q2", "db_worker": "django-tasks", "runworker": "channels",
    "process_tasks": "django-background-tasks", "mod_wsgi-express": "mod-wsgi", "supervisord": "supervisor",
    **{name: name for name in (
        "gunicorn", "granian", "uvicorn", "daphne", "hypercorn", "uwsgi", "flask", "fastapi", "celery", "flower",
        "dramatiq", "huey", "arq", "taskiq", "rq", "procrastinate", "streamlit", "gradio", "honcho", "sanic", "robyn",
        "litestar", "mlflow", "cheroot", "bjoern", "prefect",
    )},
}  # fmt: skip
NPM = {
    "next-dev": "next", "nuxt-dev": "nuxt", "vite-preview": "vite", "astro-dev": "astro", "astro-preview": "astro",
    "remix-dev": "@remix-run/dev", "remix-serve": "@remix-run/serve", "react-router-serve": "@react-router/serve",
    "react-router-dev": "@react-router/dev", "ng-serve": "@angular/cli", "nest": "@nestjs/cli",
    "gatsby-dev": "gatsby", "vue-cli-service": "@vue/cli-service",
    **{name: name for name in (
        "next", "nuxt", "vite", "astro", "gatsby", "react-scripts", "serve", "http-server", "nodemon", "pm2", "tsx",
        "ts-node", "json-server", "webpack-dev-server",
    )},
}  # fmt: skip
