"""The program behind a command: shells, wrappers, interpreters and scripts, and never an argument."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources.program_kinds import NPM, PROGRAMS, PYPI, SUBCOMMANDS
from paritycheck_agent.sources.program_wrappers import WRAPPERS
from paritycheck_agent.sources.programs import program_of

SCRIPTS = {"start": "NODE_ENV=production next start -p $PORT", "dev": "next dev", "again": "npm run again"}
TYPES = {"web": "gunicorn shop.wsgi", "worker": "celery -A shop worker"}
FILES = {
    "bin/start.sh": 'set -e\npython manage.py migrate\nexec gunicorn shop --bind 0.0.0.0 "$@"\n',
    "bin/web.sh": "#!/bin/bash\nwhile ! nc -z db 5432; do\n  sleep 0.2\ndone\nexec bin/start.sh\n",
    "bin/start": '#!/usr/bin/env bash\n\nif [ -n "$X" ]; then\n  exit 1\nfi\nexec celery -A shop worker\n',
    "bin/rails": "#!/usr/bin/env ruby\nexec celery\n",
    "bin/own.sh": "exec secret-of-a-file\n",
}
CANARY = "canary7hunter2"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn shop.wsgi --bind 0.0.0.0:$PORT", ("gunicorn", True)),
        ("granian --interface wsgi shop.wsgi:application", ("granian", True)),
        ("/srv/shop/.venv/bin/uvicorn shop:app --reload", ("uvicorn", True)),
        ("daphne shop.asgi:application", ("daphne", True)),
        ("celery -A shop worker -Q mail", ("celery", False)),
        ("celery -A shop flower --port=5555", ("flower", True)),
        ("waitress-serve --port=8000 shop:app", ("waitress", True)),
        ("php-fpm8.2 -F", ("php-fpm", True)),
        ("java -Xmx1g -jar shop.jar", ("java", False)),
        ("java -Dserver.port=$PORT -jar shop.jar", ("java", True)),
        ("./bin/shop serve", ("shop", False)),
        ("unicorn_rails -c config/unicorn.rb", ("unicorn", True)),
        ("sidekiq -C config/sidekiq.yml", ("sidekiq", False)),
        # interpreters
        ("python manage.py runserver 0.0.0.0:8000", ("runserver", True)),
        ("python3.12 -u ./manage.py runserver_plus", ("runserver", True)),
        ("./manage.py qcluster", ("qcluster", False)),
        ("python manage.py some_command_of_ours", ("django-admin", False)),
        ("python -m gunicorn shop.wsgi", ("gunicorn", True)),
        ("python -W ignore -um gunicorn.app.wsgiapp shop.wsgi", ("gunicorn", True)),
        ("python -m django runserver", ("runserver", True)),
        ("python -m http.server 8000", ("http.server", True)),
        ("python -m shop", ("python", False)),
        ("python .venv/bin/celery beat", ("celery", False)),
        ("flask --app shop run", ("flask", True)),
        ("node server.js", ("node", False)),
        ("node node_modules/.bin/next start", ("next", True)),
        ("next", ("next-dev", True)),
        ("php artisan serve", ("artisan-serve", True)),
        ("php -S 0.0.0.0:8000 -t public", ("php-server", True)),
        ("ruby bin/rails server -p 3000", ("rails", True)),
        ("mix phx.server", ("phoenix", True)),
        # shells
        ("sh -c 'gunicorn shop.wsgi'", ("gunicorn", True)),
        ("bash -o pipefail -lc 'python manage.py migrate && exec gunicorn shop.wsgi'", ("gunicorn", True)),
        ("python manage.py migrate && python manage.py runserver", ("runserver", True)),
        ("while ! nc -z db 5432; do sleep 1; done; uvicorn shop:app", ("uvicorn", True)),
        ('if [ -n "$DEBUG" ]; then exec flask run; fi; exec gunicorn shop', ("gunicorn", True)),
        ("cd src && exec ./shop", ("shop", False)),
        ("celery worker & wait", ("celery", False)),
        ("gunicorn shop 2>&1 | tee -a log", ("gunicorn", True)),
        ("sh -x bin/start.sh --flag", ("gunicorn", True)),
        ("./bin/web.sh", ("gunicorn", True)),
        ("bin/start", ("celery", False)),
        ("cd src && bin/start", ("start", False)),
        ("sh start.sh", ("", False)),
        ("./none.sh", ("", False)),
        ("bin/own.sh", ("", False)),
        ("bin/rails server", ("rails", True)),
        ("/bin/start.sh", ("", False)),
        # wrappers
        ("REMAP_SIGTERM=SIGQUIT exec celery -A shop worker", ("celery", False)),
        ("/usr/bin/env -u HOME DJANGO=1 gunicorn shop", ("gunicorn", True)),
        ("uv run --frozen --no-dev gunicorn shop", ("gunicorn", True)),
        ("uv --directory /srv run --with rich -- daphne shop", ("daphne", True)),
        ("poetry run flask run", ("flask", True)),
        ("pipenv run python manage.py runserver", ("runserver", True)),
        ("bundle exec puma -C config/puma.rb", ("puma", True)),
        ("npx --yes next start", ("next", True)),
        ("newrelic-admin run-program gunicorn shop", ("gunicorn", True)),
        ("ddtrace-run uvicorn shop:app", ("uvicorn", True)),
        ("opentelemetry-instrument --service_name shop gunicorn shop", ("gunicorn", True)),
        ("tini -g -- gunicorn shop", ("gunicorn", True)),
        ("/usr/bin/dumb-init --rewrite 15:3 php-fpm", ("php-fpm", True)),
        ("su-exec nobody:nobody hypercorn shop", ("hypercorn", True)),
        ("timeout -s KILL 30 dramatiq shop", ("dramatiq", False)),
        ("./wait-for-it.sh db:5432 -t 30 -- gunicorn shop", ("gunicorn", True)),
        ("doppler run --config prd -- gunicorn shop", ("gunicorn", True)),
        ("docker-entrypoint.sh node server.js", ("node", False)),
        ("/app/docker-entrypoint.sh", ("", False)),
        ("bin/start-nginx bin/start-pgbouncer newrelic-admin run-program uwsgi uwsgi.ini", ("uwsgi", True)),
        # scripts and process types
        ("npm start", ("next", True)),
        ("npm run --silent dev", ("next-dev", True)),
        ("yarn start", ("next", True)),
        ("pnpm run dev", ("next-dev", True)),
        ("pnpm exec vite preview", ("vite-preview", True)),
        ("yarn vite", ("vite", True)),
        ("npm run nothing", ("", False)),
        ("npm start --workspace=web", ("", False)),
        ("(cd client && npm start)", ("", False)),
        ("make run", ("", False)),
        ("bundle exec rake environment resque:work", ("resque", False)),
        ("npm run again", ("", False)),
        ("honcho start worker", ("celery", False)),
        ("honcho -f Procfile start", ("honcho", False)),
        # what cannot be told
        ("${COMMAND:-gunicorn shop}", ("", False)),
        ("$(cat command)", ("", False)),
        ("A=1", ("", False)),
        ("", ("", False)),
        ("uv run --an-option-of-tomorrow secret word", ("", False)),
    ],
)  # fmt: skip
def test_the_program_is_told(command: str, expected: tuple[str, bool]) -> None:
    assert program_of(command, SCRIPTS, TYPES, files=lambda path: FILES.get(path.removeprefix("./"), "")) == expected


def test_words_are_read_as_they_stand() -> None:
    assert program_of(["/bin/sh", "-c", "exec gunicorn 'a b'"]) == ("gunicorn", True)
    assert program_of(["gunicorn", "--bind", "0.0.0.0:${PORT}"]) == ("gunicorn", True)
    assert program_of(["my program"]) == ("", False)


def test_what_may_be_an_argument_is_told_only_where_it_is_a_known_program() -> None:
    assert program_of(f"{CANARY} --flag", certain=False) == ("", False)
    assert program_of("celery worker", certain=False) == ("celery", False)


def test_a_name_that_looks_like_a_secret_is_none() -> None:
    assert program_of("ghp_0123456789abcdef0123456789abcdef0123") == ("", False)
    assert program_of("bin/sk_live_0123456789abcdef") == ("", False)


KNOWN = st.sampled_from([*PROGRAMS, *SUBCOMMANDS, "python", "node", "ruby", "php", "sh", "npm", "honcho"])
PLACES = st.one_of(KNOWN, st.sampled_from([*WRAPPERS, "yarn", "bun", "docker-entrypoint.sh"]))
VALUES = [
    CANARY,
    f"--password={CANARY}",
    f"-p{CANARY}",
    f"X={CANARY}",
    f"https://{CANARY}:{CANARY}@host/",
    f"/x/{CANARY}",
]
OTHERS = ["-m", "--", "run", "start", "exec", "-u", "&&", ";", "|", f"$({CANARY})", "`", '"', "-S", "-c", "--workspace"]


@given(KNOWN, st.lists(st.sampled_from([*VALUES, "-u", "-m", "run", "start", "--", "-S", "-W"]), max_size=8))
def test_no_argument_of_a_known_program_is_told(program: str, arguments: list[str]) -> None:
    kind, _ = program_of([program, *arguments])
    assert CANARY not in kind


@given(PLACES, st.lists(st.sampled_from(VALUES + OTHERS), max_size=8))
def test_nothing_that_may_be_an_argument_is_told(program: str, rest: list[str]) -> None:
    text = " ".join([program, *rest])
    kind, _ = program_of(text, {"start": " ".join(rest)}, {"web": " ".join(rest)}, certain=False)
    assert CANARY not in kind


@given(st.text(max_size=80))
def test_any_text_gives_a_short_plain_word_or_nothing(text: str) -> None:
    kind, binds = program_of(text)
    assert len(kind) <= 64
    assert kind.isascii()
    assert kind or not binds


def test_each_package_belongs_to_a_kind_that_can_be_told() -> None:
    kinds = {kind for kind, _ in PROGRAMS.values()} | {
        kind for kinds in SUBCOMMANDS.values() for kind, _ in kinds.values()
    }
    assert {*PYPI, *NPM} - kinds == set()


def test_the_time_grows_with_the_length_only() -> None:
    started = time.process_time()
    for piece in ("exec ", "env A=1 ", "sh -c ", "uv run ", "a;", "-x "):
        program_of(("exec " + piece * 20_000)[:64_000])
    assert time.process_time() - started < 3
