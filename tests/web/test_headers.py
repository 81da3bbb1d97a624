"""Every page tells the browser to load nothing from elsewhere and run nothing inline, errors too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGES = (
    "/", "/p/shop", "/p/shop/environments", "/p/shop/environments/staging", "/p/shop/environments/staging/1",
    "/p/shop/gate", "/p/shop/time", "/docs", "/docs/design", "/p/none", "/no/such/page",
    "/sign-in", "/sign-in/forgotten", "/account", "/account/password", "/account/again", "/account/passkeys",
)  # fmt: skip


def test_the_policy_is_on_every_answer(drifted: Any, signed_in: Client) -> None:
    del drifted
    for client in (signed_in, Client()):
        for path in PAGES:
            headers = client.get(path).headers
            assert headers["Content-Security-Policy"] == POLICY, path
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            assert "private" in headers["Cache-Control"]


def test_no_page_holds_anything_inline(drifted: Any, signed_in: Client) -> None:
    del drifted
    for path in PAGES:
        html = signed_in.get(path).content.decode()
        assert re.findall(r"<script(?![^>]*\bsrc=)", html) == [], path
        assert re.findall(r"<style\b", html) == []
        assert re.findall(r"\sstyle=", html) == []
        assert re.findall(r"\son[a-z]+=", html) == []
        assert re.findall(r"\bhx-on", html) == []
        assert re.findall(r'(?:src|href)="(?!/|#|\?)', html) == []


def test_what_was_broken_is_answered_in_the_same_language(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from paritycheck.web.views import environments

    def broken(*_: Any) -> None:
        raise RuntimeError("pca_AbCdEf123456_0123456789abcdefghijABCDEFGHIJ01234567")

    monkeypatch.setattr(environments, "columns_of", broken)
    signed_in.raise_request_exception = False
    answer = signed_in.get("/p/shop/environments")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "This page failed" in page
    assert "pca_" not in page
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert re.search(r"Request\s+<code>[0-9a-f-]{36}</code>", page)
    assert caplog.records


def test_nothing_foreign_and_nothing_missing_look_alike(ask: Callable[[str], str]) -> None:
    del ask
    answer = Client().get("/no/such/page")
    assert answer.status_code == 404
    assert "This page does not exist, or you have no access to it." in answer.content.decode()


def test_the_files_that_pages_name_are_served_by_the_app(signed_in: Client) -> None:
    html = signed_in.get("/").content.decode()
    files = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html))
    for path in files:
        answer = signed_in.get(path)
        answer.close()
        assert answer.status_code == 200, path
    assert any(path.endswith(".woff2") for path in files)


API = "default-src 'none'; frame-ancestors 'none'"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/schema", 200), ("GET", "/api/v1/projects", 401), ("GET", "/api/v1/no/such/route", 404),
        ("PUT", "/api/v1/reports", 405), ("POST", "/api/v1/reports", 401), ("GET", "/api/v1/projects?token=x", 400),
        ("GET", "/api/v1/projects?" + "x" * 3000, 414),
    ],
)  # fmt: skip
@pytest.mark.parametrize("secure", [True, False])
def test_every_answer_of_the_api_is_hardened(
    method: str, path: str, status: int, *, secure: bool, settings: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    answer = Client().generic(method, path, secure=secure)
    headers = answer.headers
    assert answer.status_code == status
    assert {name: headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert headers["Content-Security-Policy"] == API
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] in {"no-store", "private, no-cache"}
    assert status == 200 or headers["Cache-Control"] == "no-store"
    assert ("Strict-Transport-Security" in headers) == secure
    assert "Server" not in headers
    assert "Set-Cookie" not in headers


def test_static_files_and_probes_are_hardened_too(signed_in: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    sheet = re.findall(r'href="(/static/[^"]+\.css)"', signed_in.get("/").content.decode())[0]
    for path, status in ((sheet, 200), ("/static/none.css", 404), ("/livez", 200), ("/readyz", 503), ("/metrics", 404)):
        answer = Client().get(path)
        answer.close()
        assert answer.status_code == status, path
        missing = {name: value for name, value in EVERYWHERE.items() if answer.headers.get(name) != value}
        assert missing == {}, path
        assert "Content-Security-Policy" in answer.headers, path
