"""What was revoked, and whoever was let go, is out within five seconds in every process of the server.

A second process is a second memory of tokens that were good: that is all that processes do not share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.installation import Reply, Site

    Make = Callable[[Site], tuple[str, Callable[[], int]]]

P = "/api/v1/projects/shop"


class Processes:
    """Two memories of one server, and a clock that both look at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from paritycheck.services import tokens

        self.now = 1000.0
        self._patch = monkeypatch
        self._tokens = tokens
        self._memories = [tokens._Known(), tokens._Known()]
        monkeypatch.setattr(tokens, "monotonic", lambda: self.now)

    def within(self, number: int) -> None:
        """What follows happens in this process."""
        self._patch.setattr(self._tokens, "_known", self._memories[number])


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    return Processes(monkeypatch)


def reads(site: Site, token: str) -> Callable[[], Reply]:
    return lambda: site.get(f"{P}/drifts", who=token)


def asks(site: Site, token: str) -> Callable[[], Reply]:
    return lambda: site.get(f"{P}/gate?environment=production", who=token)


def reports(site: Site, token: str) -> Callable[[], Reply]:
    """The second and each later one is answered before Django."""
    first = site.report()
    return lambda: site.post({**site.report(), "instance": first["instance"], "sections": first["sections"]}, who=token)


def of_project(site: Site, **asked: Any) -> tuple[str, Callable[[], int]]:
    """A token of the project, and how it is revoked."""
    made = site.post({"name": "x", **asked}, who="admin", path=f"{P}/tokens").json()
    return made["token"], lambda: site.send("DELETE", f"{P}/tokens/{made['id']}", who="admin").status


def of_instance(site: Site) -> tuple[str, Callable[[], int]]:
    ticket = of_project(site, kind="enroll", environment="staging")[0]
    made = site.post({"instance": "web-1"}, who=ticket, path="/api/v1/enroll").json()
    return made["token"], lambda: site.send("DELETE", f"{P}/tokens/{made['id']}", who="admin").status


def of_pipeline(site: Site) -> tuple[str, Callable[[], int]]:
    """As an exchange of an id token makes it."""
    from datetime import timedelta

    from paritycheck.models import Project
    from paritycheck.services.tokens import issue_token

    ends = timezone.now() + timedelta(minutes=10)
    token, text = issue_token(kind="g", project=Project.objects.get(slug="shop"), name="sign-in", expires_at=ends)
    return text, lambda: site.send("DELETE", f"{P}/tokens/{token.pk}", who="admin").status


def of_person(site: Site) -> tuple[str, Callable[[], int]]:
    asked = {"name": "laptop", "scopes": ["read"], "days": 1}
    made = site.post(asked, who="admin", path="/api/v1/tokens").json()
    return made["token"], lambda: site.send("DELETE", f"/api/v1/tokens/{made['id']}", who="admin").status


def of_who_left(site: Site) -> tuple[str, Callable[[], int]]:
    """A person who is deactivated, in the administration; no token of theirs is touched."""
    from paritycheck.models import Project, User
    from paritycheck.services.members import join_project
    from paritycheck.services.tokens import issue_token

    del site
    user = User.objects.create_user("bo@example.com")
    join_project(project=Project.objects.get(slug="shop"), user=user, role="viewer", now=timezone.now())
    text = issue_token(kind="u", user=user)[1]
    return text, lambda: 203 + User.objects.filter(pk=user.pk).update(is_active=False)


CASES: dict[str, tuple[Make, Callable[[Site, str], Callable[[], Reply]]]] = {
    "an agent's": (lambda site: of_project(site, kind="report", environment="staging"), reports),
    "an instance's": (of_instance, reports),
    "a gate's": (lambda site: of_project(site, kind="gate"), asks),
    "a pipeline's": (of_pipeline, asks),
    "a person's": (of_person, reads),
    "of who left": (of_who_left, reads),
}


@pytest.mark.parametrize("case", list(CASES))
def test_steady_use_keeps_no_token_alive(site: Site, processes: Processes, case: str) -> None:
    """Each second a use: what is remembered grows no younger by it."""
    make, use = CASES[case]
    processes.within(0)
    token, end = make(site)
    call = use(site, token)
    for number in (1, 0):
        processes.within(number)
        assert call().status < 300
    assert end() == 204
    if case != "of who left":
        assert call().status == 401, "at once where it was done"
    processes.within(1)
    answered = []
    for _second in range(7):
        answered.append(call().status)
        processes.now += 1
    assert answered[5:] == [401, 401]
    assert set(answered[:5]) <= {200, 202, 401}
    processes.within(0)
    assert call().status == 401


def test_a_place_that_was_taken_back_is_closed_within_five_seconds(site: Site, processes: Processes) -> None:
    from paritycheck_agent.wire.canonical import line

    processes.within(0)
    made = site.post({"kind": "gate", "name": "x"}, who="admin", path=f"{P}/tokens").json()
    call = asks(site, made["token"])
    processes.within(1)
    assert call().status == 200
    processes.within(0)
    body = line({"from": ["192.0.2.0/24"]})
    assert site.send("PATCH", f"{P}/tokens/{made['id']}", body, who="admin").status == 200
    processes.within(1)
    for _second in range(5):
        call()
        processes.now += 1
    assert call().code == "address-refused"


def test_a_spent_use_is_spent_in_every_process(site: Site, processes: Processes) -> None:
    """The memory knows the token as it was; the use is counted in its row."""
    processes.within(0)
    ticket = of_project(site, kind="enroll", environment="staging")[0]
    for number in (0, 1):
        processes.within(number)
        assert site.post({}, who=ticket, path="/api/v1/enroll").status == 422
    answers = []
    for number in (0, 1):
        processes.within(number)
        answers.append(site.post({"instance": f"web-{number}"}, who=ticket, path="/api/v1/enroll").status)
    assert answers == [201, 401]


def test_the_session_of_who_was_let_go_ends_at_the_next_page(site: Site) -> None:
    from django.test import Client

    from paritycheck.models import User

    del site
    user = User.objects.get(email="admin@example.com")
    client = Client()
    client.force_login(user)
    assert client.get("/p/shop").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/p/shop").status_code in {302, 404}
    assert client.get("/account").status_code == 302


def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    from django.test import Client

    from paritycheck.models import User

    del site
    user = User.objects.get(email="admin@example.com")
    client = Client()
    client.force_login(user)
    assert client.get("/account").status_code == 200
    user.set_password("another one, long enough")
    user.save()
    assert client.get("/account").status_code == 302
