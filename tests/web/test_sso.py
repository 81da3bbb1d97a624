"""Single sign-on against a real provider of OpenID Connect (oidc-provider-mock, on authlib) on loopback, through the
redirects that a browser follows; and what a provider, or somebody in between, may not say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from typing_extensions import override
from django.test import Client

from tests.api.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import Response

    from paritycheck.models import User

pytestmark = [pytest.mark.django_db(databases=["default", "heartbeat"]), pytest.mark.e2e]
CLIENT = "paritycheck"
KEY = rsa.generate_private_key(65537, 2048)


class _Stay(HTTPRedirectHandler):
    @override
    def redirect_request(self, *_: Any) -> None:
        return None


def asked(url: str, body: bytes | None = None, method: str | None = None, kind: str = "application/json") -> str:
    """Where the answer leads to, nowhere for one that is no redirect."""
    from urllib.error import HTTPError

    try:
        answer = build_opener(_Stay).open(Request(url, body, {"Content-Type": kind}, method=method), timeout=10)
    except HTTPError as error:
        answer = error
    with answer:
        answer.read()
        return str(answer.headers.get("Location", ""))


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a running provider."""
    port = free_port()
    program = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    address = f"http://localhost:{port}"
    try:
        for _ in range(200):
            try:
                asked(f"{address}/.well-known/openid-configuration")
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        program.terminate()
        program.wait(20)


@pytest.fixture
def provider(issuer: str, settings: Any) -> Callable[..., str]:
    """Single sign-on set up; `provider(**claims)` makes a person there and gives their subject."""
    settings.OIDC_ON, settings.OIDC_NAME, settings.OIDC_ISSUER = True, "Harbour ID", issuer
    app = {
        "provider_id": "sso", "name": "Harbour ID", "client_id": CLIENT, "secret": "a secret",
        "settings": {"server_url": issuer},
    }  # fmt: skip
    providers = {"openid_connect": {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [app]}}
    settings.SOCIALACCOUNT_PROVIDERS = providers

    def person(sub: str = "maria", **claims: Any) -> str:
        said = {"email": "maria@example.com", "email_verified": True, "name": "Maria", **claims}
        asked(f"{issuer}/users/{sub}", json.dumps(said).encode(), "PUT")
        return sub

    return person


@pytest.fixture
def maria(db: None) -> User:
    from paritycheck.models import User

    del db
    return User.objects.create_user("maria@example.com", "a password of some length")


def there(client: Client, sub: str, start: str = "/sign-in/sso") -> tuple[str, dict[str, str]]:
    """Go to the provider and sign in there: the way back, and what was asked of the provider."""
    asking = client.get(start).headers["Location"]
    led = asked(asking, f"sub={quote(sub)}".encode(), "POST", "application/x-www-form-urlencoded")
    query = {name: values[0] for name, values in parse_qs(urlsplit(asking).query).items()}
    back = urlsplit(led)
    return f"{back.path}?{back.query}", query


def test_a_verified_address_opens_its_account_and_the_identity_stays_linked(
    provider: Callable[..., str], maria: User
) -> None:
    from paritycheck.models import AuditEntry

    client = Client()
    back, query = there(
        client, provider(email="Maria@Example.com"), "/sign-in/sso?next=/docs&scope=admin&process=connect"
    )
    assert query["code_challenge_method"] == "S256"
    assert len(query["nonce"]) > 30
    assert set(query["scope"].split()) == {"openid", "profile", "email"}
    answer = client.get(back)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
    assert client.session["_auth_user_id"] == str(maria.pk)
    maria.refresh_from_db()
    assert maria.has_usable_password()
    assert AuditEntry.objects.filter(action="account.provider-linked", target=maria.email).count() == 1

    again = Client()
    moved, _ = there(again, provider(email="maria.new@example.com"))
    assert again.get(moved).status_code == 302
    assert again.session["_auth_user_id"] == str(maria.pk)


def test_who_is_not_let_in_is_told_so_and_is_nobody(provider: Callable[..., str], maria: User, settings: Any) -> None:
    from paritycheck.models import User

    def refused(sub: str, client: Client) -> str:
        answer = client.get(there(client, sub)[0])
        assert answer.status_code == 403
        assert "_auth_user_id" not in client.session
        return answer.content.decode()

    assert "has not verified your e-mail address" in refused(provider("a", email_verified=False), Client())
    assert "does not let you in" in refused(provider("b", email="new@example.com"), Client())
    settings.OIDC_DOMAINS = ["harbour.example"]
    assert "does not let you in" in refused(provider("c"), Client())
    settings.OIDC_DOMAINS = []
    maria.is_active = False
    maria.save()
    assert "account is closed" in refused(provider("d"), Client())
    assert User.objects.count() == 1


def test_new_people_of_a_domain_are_let_in_with_the_role_that_is_given(
    provider: Callable[..., str], shop: Any, settings: Any
) -> None:
    from paritycheck.models import AuditEntry, User

    settings.OIDC_DOMAINS, settings.OIDC_NEW_USERS = ["harbour.example"], "viewer"
    client = Client()
    back, _ = there(client, provider("tom", email="tom@harbour.example", name="Tom\u202e"))
    assert client.get(back).status_code == 302
    tom = User.objects.get(email="tom@harbour.example")
    assert (tom.name, tom.has_usable_password()) == ("Tom", False)
    assert shop.project.memberships.get(user=tom).role == "viewer"
    assert AuditEntry.objects.filter(action="account.created", target=tom.email).exists()
    assert client.get("/p/shop").status_code == 200


def test_a_way_back_that_was_not_begun_here_is_refused(provider: Callable[..., str], maria: User) -> None:
    begun, other = Client(), Client()
    back, _ = there(begun, provider())
    assert other.get(back).status_code == 403
    assert begun.get(back.replace("state=", "state=x")).status_code == 403
    assert begun.get(back).status_code == 302
    assert begun.get(back).status_code == 403
    assert "did not finish" in cancelled(Client())
    del maria


def cancelled(client: Client) -> str:
    state = parse_qs(urlsplit(client.get("/sign-in/sso").headers["Location"]).query)["state"][0]
    return client.get(f"/sign-in/sso/callback?error=access_denied&state={state}").content.decode()


def test_with_single_sign_on_alone_no_password_opens_anything(
    provider: Callable[..., str], maria: User, settings: Any
) -> None:
    settings.OIDC_ONLY = True
    client = Client()
    page = client.get("/sign-in").content.decode()
    assert 'name="password"' not in page
    assert "Sign in with Harbour ID" in page
    typed = {"username": maria.email, "password": "a password of some length"}
    assert client.post("/sign-in", typed).status_code == 200
    assert "_auth_user_id" not in client.session
    assert client.get(there(client, provider())[0]).status_code == 302


@pytest.fixture
def between(provider: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, bool]]:
    """`between(key, algorithm, **claims)`: sign in while the provider's key is ours and its id token says that."""
    from paritycheck.web.signing.outgoing import BoundedSession

    sub, real = provider(), BoundedSession.request

    def sign(key: Any = KEY, algorithm: str = "RS256", **changed: Any) -> tuple[int, bool]:
        client = Client()
        back, query = there(client, sub)

        def request(self: Any, method: str, url: str, **more: Any) -> Response:
            answer = real(self, method, url, **more)
            said = answer.json()
            if "keys" in said:
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
                said = {"keys": [{**public, "kid": "ours", "use": "sig"}]}
            elif "id_token" in said:
                claims = jwt.decode(said["id_token"], options={"verify_signature": False})
                claims.update(email="maria@example.com", email_verified=True, **{"nonce": query["nonce"], **changed})
                claims = {name: value for name, value in claims.items() if value is not None}
                said["id_token"] = jwt.encode(claims, key, algorithm, {"kid": "ours"})
            answer._content = json.dumps(said).encode()
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(BoundedSession, "request", request)
            status = client.get(back).status_code
        return status, "_auth_user_id" in client.session

    return sign


def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    between: Callable[..., tuple[int, bool]], maria: User
) -> None:
    del maria
    assert between() == (302, True)
    refused = (403, False)
    shared = json.dumps(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())).encode()
    assert between(nonce="another") == refused
    assert between(nonce=None) == refused
    assert between(aud="another-client") == refused
    assert between(aud=[CLIENT, "another-client"], azp="another-client") == refused
    assert between(iss="https://evil.example") == refused
    assert between(exp=1) == refused
    assert between(sub=None) == refused
    assert between(key=None, algorithm="none") == refused
    assert between(key=shared, algorithm="HS256") == refused
    assert between(key=rsa.generate_private_key(65537, 2048)) == refused
    assert between() == (302, True)


def test_another_issuer_than_the_one_named_is_not_asked(provider: Callable[..., str], settings: Any) -> None:
    del provider
    settings.OIDC_ISSUER = "http://localhost:1/other"
    assert Client().get("/sign-in/sso").status_code == 403


def test_half_a_set_up_is_a_system_check(settings: Any) -> None:
    from paritycheck.config.checks import single_sign_on

    assert single_sign_on() == []
    settings.OIDC_ISSUER, settings.OIDC_ONLY = "http://id.example.com", True
    said = [error.msg for error in single_sign_on()]
    assert len(said) == 3
    assert "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET lacking" in said[0]
