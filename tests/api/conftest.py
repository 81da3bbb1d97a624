"""A project to talk to, in this process, over a real granian, and through nginx before it."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.installation import ENVIRONMENTS, Site, http_road, tokens_of, wsgi_road
from tests.api.servers import bootstrap, granian, nginx, own_database
from tests.stock import Stock

# One server is enough: all that need it run in one worker.
SERVED = [pytest.mark.e2e, pytest.mark.xdist_group("served"), pytest.mark.timeout(180)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who talks to the application in this process may use both aliases, as the application does."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        callspec = getattr(item, "callspec", None)
        here = "site" in names or (callspec is not None and callspec.params.get("either") == "here")
        if here and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases=["default", "heartbeat"]))


@pytest.fixture(autouse=True)
def any_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is supported today is not tomorrow: here it is not looked at. tests/services/test_time_and_grace.py does."""
    monkeypatch.setattr("paritycheck.core.end_of_life.endings", lambda _side, _today: iter(()))


def _install() -> dict[str, str]:
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project

    plans = [EnvironmentPlan.read(text) for text in ENVIRONMENTS]
    shop = bootstrap_project(slug="shop", environments=plans, admin_email="admin@example.com")
    other = bootstrap_project(slug="other", environments=plans[:1], admin_email="admin@example.com")
    return tokens_of(shop, other)


_installed = Stock(_install)


@pytest.fixture
def site(db: None, settings: Any) -> Iterator[Site]:
    """The installation in this process, in a transaction that is rolled back."""
    del db
    from django.db import connections

    from paritycheck.config.wsgi import application
    from paritycheck.services.tokens import _known

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    _known.forget()
    yield Site(wsgi_road(application), dict(_installed.take()))
    # The heartbeat's own connection lies outside the test's transaction; left open it would keep the database.
    connections["heartbeat"].close()


@pytest.fixture(scope="session")
def served() -> Iterator[Site]:
    """The installation behind a real granian, with a database of its own."""
    with own_database() as database:
        tokens = bootstrap(database)
        with granian({"DATABASE_URL": database}) as (port, pid):
            yield Site(http_road(port), tokens, database, pid, port)


@pytest.fixture(scope="session")
def proxied(served: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same server behind nginx."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not here. Install it with: apt-get install nginx")
    with nginx(program, served.port, tmp_path_factory.mktemp("nginx")) as port:
        tokens = {**served.tokens, "flood": served.tokens["flood-proxied"]}
        yield Site(http_road(port), tokens, served.database, served.pid, port)


@pytest.fixture(params=["here", pytest.param("served", marks=SERVED), pytest.param("proxied", marks=SERVED)])
def either(request: pytest.FixtureRequest) -> Site:
    """The same installation by both roads: what the table of bad inputs says holds on each."""
    found: Site = request.getfixturevalue("site" if request.param == "here" else request.param)
    return found
