"""Signing in and out, and the choices a person makes of how pages look."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
PASSWORD = "a password of some length"


def sign_in(client: Client, email: str, password: str, **more: str) -> Any:
    return client.post("/sign-in", {"username": email, "password": password, **more})


def test_the_address_is_the_log_in_name_in_any_case(shop: Any) -> None:
    answer = sign_in(Client(), " Maria@Example.com ", PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    del shop


def test_signing_in_leads_to_where_one_wanted_to_go_and_nowhere_else(shop: Any) -> None:
    del shop
    assert sign_in(Client(), "maria@example.com", PASSWORD, next="/p/shop").headers["Location"] == "/p/shop"
    for target in ("//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"):
        assert sign_in(Client(), "maria@example.com", PASSWORD, next=target).headers["Location"] == "/", target


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(shop: Any) -> None:
    del shop
    wrong = sign_in(Client(), "maria@example.com", "not the password").content.decode()
    unknown = sign_in(Client(), "nobody@example.com", "not the password").content.decode()
    said = "No account has this e-mail address and password."
    assert said in wrong
    assert said in unknown


def test_the_password_is_never_sent_back(shop: Any) -> None:
    del shop
    assert "s3cret-typed-wrongly" not in sign_in(Client(), "maria@example.com", "s3cret-typed-wrongly").content.decode()


def test_signing_out_ends_the_session_and_forgets_the_pages(signed_in: Client) -> None:
    answer = signed_in.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert signed_in.get("/").status_code == 302
    assert signed_in.get("/sign-out").status_code == 405


def test_a_form_without_its_secret_is_refused_in_our_own_words(shop: Any) -> None:
    del shop
    answer = sign_in(Client(enforce_csrf_checks=True), "maria@example.com", PASSWORD)
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


def test_the_look_is_kept_and_the_page_is_drawn_with_it(signed_in: Client) -> None:
    answer = signed_in.post("/preferences", {"theme": "dark", "next": "/docs"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
    signed_in.post("/preferences", {"density": "comfortable"})
    page = signed_in.get("/").content.decode()
    assert '<html lang="en" data-theme="dark" data-density="comfortable">' in page
    signed_in.post("/preferences", {"theme": "system", "density": "system"})
    assert '<html lang="en">' in signed_in.get("/").content.decode()


def test_a_look_that_is_none_and_a_way_out_are_refused(signed_in: Client) -> None:
    answer = signed_in.post("/preferences", {"theme": '"><script>', "next": "//evil.example"})
    assert answer.headers["Location"] == "/"
    signed_in.cookies["theme"] = '"><script>alert(1)</script>'
    assert "alert(1)" not in signed_in.get("/").content.decode()


def test_who_reads_the_table_of_sessions_can_sign_in_as_nobody(shop: Any) -> None:
    from django.contrib.sessions.models import Session

    del shop
    client = Client()
    sign_in(client, "maria@example.com", PASSWORD)
    (row,) = Session.objects.all()
    cookie = client.cookies["paritycheck-session"]
    assert cookie.value not in row.session_key + row.session_data
    assert client.get("/account").status_code == 200
    thief = Client()
    thief.cookies["paritycheck-session"] = row.session_key
    assert thief.get("/account").status_code == 302
    client.post("/sign-out")
    assert not Session.objects.exists()
    client.cookies["paritycheck-session"] = cookie.value
    assert client.get("/account").status_code == 302
