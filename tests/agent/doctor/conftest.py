"""Four small checkouts as people have them, written by hand after what django-admin, rails new and npm init leave."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.agent.conftest import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "hunter2-XyZ-0123456789abcdefgh"

COMPOSE = """\
services:
  web:
    build: .
    env_file: .env
    depends_on: [db, cache]
  db:
    image: postgres:16.9
    environment:
      POSTGRES_PASSWORD: {secret}
  cache:
    image: redis:7.4-alpine
"""

DJANGO = {
    "manage.py": "#!/usr/bin/env python\nimport os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "shop/settings.py": "import os\nSECRET_KEY = os.environ['SECRET_KEY']\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["django>=5.2"]\n',
    "requirements.txt": "asgiref==3.8.1\ndjango==5.2.19\npsycopg==3.2.9\nredis==5.2.1\nsqlparse==0.5.3\n",
    ".python-version": "3.11\n",
    ".env.example": "DATABASE_URL=\nCACHE_URL=\nSECRET_KEY=\nDEBUG=\nEMAIL_URL=\nSENTRY_DSN=\n",
    ".env": (
        "DATABASE_URL=postgres://shop:{secret}@127.0.0.1:{port}/shop\nCACHE_URL=redis://cache:6379/0\n"
        "SECRET_KEY={secret}\nDEBUG=0\n"
    ),
    "compose.yaml": COMPOSE,
    "Dockerfile": 'FROM python:3.11-slim\nCOPY . /app\nCMD ["gunicorn", "shop.wsgi"]\n',
    "parity.toml": '[project]\nname = "shop"\n',
    "frontend/package.json": '{"name": "frontend", "private": true}',
    "frontend/package-lock.json": '{"name": "frontend", "lockfileVersion": 3, "packages": {"": {"name": "frontend"}}}',
}
RAILS = {
    "Gemfile": 'source "https://rubygems.org"\nruby "3.3.6"\ngem "rails", "~> 8.0.1"\ngem "pg"\n',
    "Gemfile.lock": (
        "GEM\n  remote: https://rubygems.org/\n  specs:\n    pg (1.5.9)\n    rails (8.0.1)\n      railties (= 8.0.1)\n"
        "    railties (8.0.1)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  pg\n  rails (~> 8.0.1)\n\nBUNDLED WITH\n"
        "   2.6.2\n"
    ),
    ".ruby-version": "3.3.6\n",
    "config/database.yml": "production:\n  adapter: postgresql\n  url: <%= ENV['DATABASE_URL'] %>\n",
    "config/master.key": "{secret}",
    "Procfile": "web: bin/rails server\nworker: bundle exec sidekiq\n",
    ".env": "RAILS_MASTER_KEY={secret}\nREDIS_URL=redis://:{secret}@127.0.0.1:{port}/0\n",
    "app.json": json.dumps({"name": "store", "env": {"RAILS_MASTER_KEY": {"required": True}, "DATABASE_URL": {}}}),
}
NODE = {
    "package.json": json.dumps(
        {"name": "@acme/api", "version": "2.1.0", "dependencies": {"express": "^4.21.2"}, "engines": {"node": "22"}}
    ),
    "package-lock.json": json.dumps(
        {
            "name": "@acme/api",
            "version": "2.1.0",
            "lockfileVersion": 3,
            "packages": {
                "": {"name": "@acme/api", "version": "2.1.0", "dependencies": {"express": "^4.21.2"}},
                "node_modules/express": {
                    "version": "4.21.2",
                    "resolved": "https://registry.npmjs.org/express/-/express-4.21.2.tgz",
                    "dependencies": {"accepts": "~1.3.8"},
                },
                "node_modules/accepts": {
                    "version": "1.3.8",
                    "resolved": "https://registry.npmjs.org/accepts/-/accepts-1.3.8.tgz",
                },
            },
        }
    ),
    ".nvmrc": "22\n",
    ".env.example": "MONGO_URL=mongodb://localhost:27017/api\nPORT=3000\nJWT_SECRET=\n",
    ".env": "MONGO_URL=mongodb://api:{secret}@mongo.invalid:27017/api\nPORT=3000\nJWT_SECRET={secret}\n",
    "docker-compose.yml": "services:\n  api:\n    build: .\n  mongo:\n    image: mongo:7\n",
    "Dockerfile": "FROM node:22-alpine\nCOPY . /app\n",
    "parity.toml": '[project]\nname = "api"\n\n[agent]\ncollect = ["dependencies", "everything"]\n',
}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of loopback that nobody listens on, kept from others."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        port: int = kept.getsockname()[1]
        yield port


@pytest.fixture
def write(checkout: Path, closed_port: int) -> Callable[[dict[str, str]], Path]:
    """`write(DJANGO)`: the checkout emptied, and these files in it and in a first commit."""

    def lay(files: dict[str, str]) -> Path:
        for path in checkout.iterdir():
            path.unlink()
        for name, text in files.items():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            filled = text.replace("{secret}", SECRET).replace("{port}", str(closed_port))
            (checkout / name).write_text(filled)
        if files:
            git(checkout, "init", "-q")
            git(checkout, "add", ".")
            git(checkout, "commit", "-q", "-m", "Begin")
        return checkout

    return lay
