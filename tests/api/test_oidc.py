"""A CI's id token for a token of ten minutes: from a real issuer on loopback, with real keys, and all that is none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.utils import timezone
from jsonschema import Draft202012Validator

from paritycheck.services import jwks
from tests.receiver import NAME, Authority, Received, Said, running_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.api.installation import Reply, Site
    from tests.receiver import Receiver

AUTH = "/api/v1/auth/oidc"
TRUSTS = "/api/v1/projects/shop/trusts"
GATE = "/api/v1/projects/shop/gate?environment=production"
REQUEST = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    "project": "shop",
}
KEY = rsa.generate_private_key(65537, 2048)
STRANGER = rsa.generate_private_key(65537, 2048)


def b64(data: bytes | int) -> str:
    raw = data.to_bytes((data.bit_length() + 7) // 8, "big") if isinstance(data, int) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(key: rsa.RSAPrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": b64(numbers.n), "e": b64(numbers.e), **members}


@dataclass
class Issuer:
    """An issuer that serves its keys by HTTPS, and signs what it is asked to."""

    receiver: Receiver
    url: str
    serial: int = 0
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(KEY, "k1")])
    answers: dict[str, Said] = field(default_factory=dict)

    def says(self, request: Received) -> Said:
        documents = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": self.keys},
        }
        body = json.dumps(documents.get(request.path, {})).encode()
        return self.answers.get(request.path, Said(body=body))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """As GitHub's claims are: ids as texts. None takes one out."""
        now, self.serial = int(time.time()), self.serial + 1
        said = {
            "iss": self.url, "aud": "http://testserver", "exp": now + 300, "iat": now, "nbf": now - 300,
            "jti": f"id-{self.serial}", "sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop",
            "repository_id": "811634771", "repository_owner_id": "1342004", "ref": "refs/heads/main",
            "environment": "ci", "job_workflow_ref": "acme/ci/.github/workflows/gate.yml@refs/heads/main",
        }  # fmt: skip
        return {name: value for name, value in {**said, **changed}.items() if value is not None}

    def token(self, key: Any = KEY, head: dict[str, Any] | None = None, alg: str = "RS256", **changed: Any) -> str:
        """Signed by hand where it is RS256: a library would not write all that an attacker does."""
        if alg != "RS256":
            return jwt.encode(self.claims(**changed), key, algorithm=alg, headers={"kid": "k1", **(head or {})})
        said = {"typ": "JWT", "alg": alg, "kid": "k1", **(head or {})}
        body = f"{b64(json.dumps(said).encode())}.{b64(json.dumps(self.claims(**changed)).encode())}"
        return f"{body}.{b64(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, str]]:
    authority = Authority(tmp_path_factory.mktemp("issuer"))
    with running_receiver(authority.context(NAME)) as receiver:
        yield receiver, authority.file


@pytest.fixture
def issuer(
    listening: tuple[Receiver, str], site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Issuer]:
    """One that `shop` trusts, for one repository."""
    receiver, ca_file = listening

    def resolve(host: str, port: int) -> Sequence[str]:
        del port
        return ["127.0.0.1"] if host == NAME else ["93.184.216.34"]

    monkeypatch.setattr("paritycheck.services.outgoing.resolve", resolve)
    found = Issuer(receiver, receiver.url("").rstrip("/"))
    receiver.says = found.says
    receiver.requests.clear()
    settings.OIDC_ISSUERS, settings.WEBHOOK_ALLOW_CIDRS = [found.url], ["127.0.0.0/8"]
    settings.WEBHOOK_CA_FILE, settings.PUBLIC_URL = ca_file, "http://testserver"
    jwks._kept.forget()
    trusted(site, found)
    yield found
    jwks._kept.forget()


def trusted(site: Site, issuer: Issuer, **terms: Any) -> str:
    asked = {"kind": "other", "issuer": issuer.url, "repository_id": "811634771", "repository_owner_id": "1342004"}
    reply = site.post({**asked, **terms}, who="admin", path=TRUSTS)
    assert reply.status == 201, reply.body
    return str(reply.json()["id"])


def exchange(site: Site, token: str, **changed: Any) -> Reply:
    body = json.dumps({**REQUEST, "subject_token": token, **changed}).encode()
    return site.send("POST", AUTH, body, who=None)


def test_a_job_gets_a_gate_token_of_ten_minutes_once(site: Site, issuer: Issuer) -> None:
    from paritycheck.models import Token
    from paritycheck.services.tokens import _known

    token = issuer.token()
    reply = exchange(site, token)
    assert reply.status == 200, reply.body
    said = reply.json()
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 600, "gate deploy record")
    assert said["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert site.get(GATE, who=said["access_token"]).status == 200
    assert site.get(GATE.replace("shop", "other"), who=said["access_token"]).status == 404
    row = Token.objects.get(pk=said["access_token"][4:16])
    assert row.expires_at is not None
    assert timedelta(seconds=590) < row.expires_at - timezone.now() <= timedelta(seconds=600)
    again = exchange(site, token)
    assert (again.status, again.code) == (401, "unauthenticated")
    assert exchange(site, issuer.token()).status == 200
    log = site.get("/api/v1/projects/shop/audit?action=token.issued&actor=system").json()["results"]
    assert log[0]["detail"]["name"] == "sign-in of other 811634771"
    Token.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    _known.forget()
    assert site.get(GATE, who=said["access_token"]).code == "unauthenticated"


def signed_by_public_key(issuer: Issuer) -> str:
    """HS256 with the public key as its secret: what a verifier takes that lets the token choose (CVE-2016-10555)."""
    secret = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "k1"}).encode())
    body = f"{head}.{b64(json.dumps(issuer.claims()).encode())}"
    return f"{body}.{b64(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"


def unsigned(issuer: Issuer, alg: str) -> str:
    head = b64(json.dumps({"alg": alg, "kid": "k1"}).encode())
    return f"{head}.{b64(json.dumps(issuer.claims()).encode())}."


def altered(issuer: Issuer) -> str:
    """The claims of another repository under the signature of the first."""
    head, _body, signature = issuer.token().split(".")
    return f"{head}.{b64(json.dumps(issuer.claims(ref='refs/heads/evil')).encode())}.{signature}"


NOW = time.time
ATTACKS: dict[str, Any] = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "no signature": lambda issuer: unsigned(issuer, "RS256"),
    "HS256 with the public key": signed_by_public_key,
    "ES256": lambda issuer: issuer.token(ec.generate_private_key(ec.SECP256R1()), alg="ES256"),
    "RS512": lambda issuer: issuer.token(alg="RS512"),
    "PS256": lambda issuer: issuer.token(alg="PS256"),
    "another's key": lambda issuer: issuer.token(STRANGER),
    "altered claims": altered,
    "key in the header": lambda issuer: issuer.token(STRANGER, head={"jwk": jwk(STRANGER, "k1"), "kid": "k2"}),
    "key elsewhere": lambda issuer: issuer.token(STRANGER, head={"jku": "https://evil.example/keys", "kid": "k2"}),
    "extension": lambda issuer: issuer.token(head={"crit": ["x"], "x": 1}),
    "no kid": lambda issuer: issuer.token(head={"kid": None}),
    "kid unknown": lambda issuer: issuer.token(head={"kid": "k9"}),
    "kid of a file": lambda issuer: issuer.token(head={"kid": "../../etc/passwd"}),
    "audience of others": lambda issuer: issuer.token(aud="https://github.com/acme"),
    "audience of us and others": lambda issuer: issuer.token(aud=["http://testserver", "https://evil.example"]),
    "audience with a slash": lambda issuer: issuer.token(aud="http://testserver/"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "issuer not trusted": lambda issuer: issuer.token(iss="https://token.actions.githubusercontent.com"),
    "issuer with a slash": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "issuer of another kind": lambda issuer: issuer.token(iss=None),
    "expired": lambda issuer: issuer.token(exp=int(NOW()) - 62),
    "lives too long": lambda issuer: issuer.token(exp=int(NOW()) + 3 * 86_400),
    "no end": lambda issuer: issuer.token(exp=None),
    "end that is no number": lambda issuer: issuer.token(exp="never"),
    "not yet": lambda issuer: issuer.token(nbf=int(NOW()) + 90),
    "from the future": lambda issuer: issuer.token(iat=int(NOW()) + 90),
    "no jti": lambda issuer: issuer.token(jti=None),
    "empty jti": lambda issuer: issuer.token(jti=""),
    "foreign repository": lambda issuer: issuer.token(repository_id="811634772"),
    "name of the repository alone": lambda issuer: issuer.token(repository_id=None),
    "foreign owner": lambda issuer: issuer.token(repository_owner_id="1342005"),
    "id that is a list": lambda issuer: issuer.token(repository_id=["811634771"]),
    "too long": lambda issuer: issuer.token(sub="x" * 20_000),
    "no token": lambda _: "a.b.c",
    "nothing": lambda _: "",
    "one of ours": lambda _: "pcg_000000000000_" + 38 * "0",
    "not ASCII": lambda issuer: issuer.token() + "é",
}


def test_every_attack_is_refused_alike_and_spends_nothing(
    site: Site, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    """One answer for all of them, to the byte but for the request's id, and a reason in the log alone."""
    from paritycheck.models import SpentIdToken, Token

    before, bodies = Token.objects.count(), set()
    for name, attack in ATTACKS.items():
        caplog.clear()
        reply = exchange(site, attack(issuer))
        assert (reply.status, reply.code) == (401, "unauthenticated"), name
        bodies.add(json.dumps({**reply.json(), "instance": ""}))
        said = [str(record.msg) for record in caplog.records if record.name == "paritycheck.services.oidc"]
        assert [("id token refused" in line, len(line) < 1_000) for line in said] == [(True, True)], name
    foreign = exchange(site, issuer.token(), project="other")
    missing = exchange(site, issuer.token(), project="nothing")
    bodies |= {json.dumps({**reply.json(), "instance": ""}) for reply in (foreign, missing)}
    assert len(bodies) == 1
    assert (Token.objects.count(), SpentIdToken.objects.count()) == (before, 0)
    # A late one, within the minute that clocks may differ, is none of them.
    assert exchange(site, issuer.token(exp=int(time.time()) - 30)).status == 200


def test_conditions_hold_exactly_and_a_trust_taken_back_is_none(site: Site, issuer: Issuer) -> None:
    first = site.get(TRUSTS).json()["results"][0]["id"]
    conditions = {
        "ref": ("refs/heads/main", "refs/heads/main2"),
        "environment": ("ci", "CI"),
        "job_workflow_ref": ("acme/ci/.github/workflows/gate.yml@refs/heads/main", "acme/ci/x@refs/heads/main"),
    }
    assert site.send("DELETE", f"{TRUSTS}/{first}", who="admin").status == 204
    assert exchange(site, issuer.token()).status == 401
    for name, (right, wrong) in conditions.items():
        ident = trusted(site, issuer, **{name: right})
        told = [
            exchange(site, issuer.token(KEY, None, "RS256", **{name: value})).status for value in (right, wrong, None)
        ]
        assert told == [200, 401, 401], name
        assert site.send("DELETE", f"{TRUSTS}/{ident}", who="admin").status == 204
    site.post({"kind": "other", "issuer": issuer.url, "project_id": "4711"}, who="admin", path=TRUSTS)
    # GitLab's ids are texts, too; some issuers write numbers.
    assert [exchange(site, issuer.token(project_id=said)).status for said in ("4711", 4711, 4712, True)] == [
        200, 200, 401, 401,
    ]  # fmt: skip
    log = site.get("/api/v1/projects/shop/audit?action=trust").json()["results"]
    assert [entry["action"] for entry in log] == ["trust.added", *["trust.removed", "trust.added"] * 4]


def test_keys_are_kept_five_minutes_and_looked_for_twice_a_minute(
    site: Site, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(jwks, "monotonic", lambda: clock[0])
    asked = issuer.receiver.requests
    assert [exchange(site, issuer.token()).status for _ in range(3)] == [200, 200, 200]
    assert [request.path for request in asked] == ["/.well-known/openid-configuration", "/keys"]
    issuer.keys.append(jwk(STRANGER, "k2"))
    new = {"kid": "k2"}
    assert [exchange(site, issuer.token(STRANGER, head=new)).status for _ in range(3)] == [401, 401, 401]
    assert len(asked) == 2
    clock[0] += 31
    assert exchange(site, issuer.token(STRANGER, head=new)).status == 200
    assert len(asked) == 4
    issuer.keys.clear()
    clock[0] += 299
    assert exchange(site, issuer.token()).status == 200
    clock[0] += 2
    assert exchange(site, issuer.token()).status == 401


WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505  what is to be refused


NO_KEYS = [
    ("/keys", Said(body=b'{"keys":[' + b" " * 20_000 + b"]}")),
    ("/keys", Said(body=b"[" * 10_000)),
    ("/keys", Said(body=b"[]")),
    ("/keys", Said(body=b'{"keys":{}}')),
    ("/keys", Said(status=500)),
    ("/keys", Said(status=302, headers=(("Location", "https://receiver.test/other"),))),
    ("/keys", Said(body=json.dumps({"keys": [{"kid": "k1", "kty": "RSA", "n": 5, "e": "!"}]}).encode())),
    ("/keys", Said(body=json.dumps({"keys": [jwk(KEY, "k1", use="enc")]}).encode())),
    ("/keys", Said(body=json.dumps({"keys": [jwk(KEY, "k1", kty="oct", k="AAAA")]}).encode())),
    ("/keys", Said(body=json.dumps({"keys": [jwk(WEAK, "k1")]}).encode())),
    ("/.well-known/openid-configuration", Said(body=b'{"issuer":"https://evil.example","jwks_uri":"x"}')),
    ("/.well-known/openid-configuration", Said(status=404)),
]


def test_keys_that_cannot_be_had_let_nobody_in(site: Site, issuer: Issuer) -> None:
    for path, said in NO_KEYS:
        issuer.answers = {path: said}
        for key in (KEY, WEAK):
            jwks._kept.forget()
            assert exchange(site, issuer.token(key)).status == 401, said
    issuer.answers = {}
    jwks._kept.forget()
    assert exchange(site, issuer.token()).status == 200


def test_an_issuer_sends_us_nowhere_else(site: Site, issuer: Issuer, settings: Any) -> None:
    """Not to another host, not by plain HTTP, and not into our own network unless an administrator allowed it."""
    for place in (
        "https://metadata.internal/keys",
        issuer.url.replace("https", "http") + "/keys",
        "file:///etc/passwd",
    ):
        document = {"issuer": issuer.url, "jwks_uri": place}
        issuer.answers["/.well-known/openid-configuration"] = Said(body=json.dumps(document).encode())
        jwks._kept.forget()
        assert exchange(site, issuer.token()).status == 401
    assert {request.path for request in issuer.receiver.requests} == {"/.well-known/openid-configuration"}
    issuer.answers.clear()
    issuer.receiver.requests.clear()
    settings.WEBHOOK_ALLOW_CIDRS = []
    jwks._kept.forget()
    assert exchange(site, issuer.token()).status == 401
    assert issuer.receiver.requests == []


UNTRUSTED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "github", "repository_id": "1"}, "/repository_owner_id"),
    ({"kind": "github", "repository_id": "acme/shop", "repository_owner_id": "1"}, "/repository_id"),
    ({"kind": "github", "repository_id": "1", "repository_owner_id": "1", "project_id": "1"}, "/project_id"),
    ({"kind": "github", "issuer": "https://evil.example", "repository_id": "1"}, "/issuer"),
    ({"kind": "gitlab"}, "/project_id"),
    ({"kind": "gitlab", "project_id": "1", "job_workflow_ref": "x"}, "/job_workflow_ref"),
    ({"kind": "gitlab", "project_id": "1", "ref": "x" * 256}, "/ref"),
    ({"kind": "other", "issuer": "https://evil.example", "project_id": "1"}, "/issuer"),
    ({"kind": "other", "project_id": "1"}, "/issuer"),
    ({"kind": "google", "project_id": "1"}, "/kind"),
    ({"kind": "gitlab", "project_id": 1}, "/project_id"),
]


def test_whom_one_cannot_trust(site: Site) -> None:
    for asked, pointer in UNTRUSTED:
        reply = site.post(asked, who="admin", path=TRUSTS)
        assert (reply.status, reply.code) == (422, "invalid-trust"), asked
        assert reply.json()["errors"][0]["pointer"] == pointer


def test_a_request_that_is_no_exchange_says_so(site: Site) -> None:
    wrong = {"grant_type": "password", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "project": 5}
    for name, value in wrong.items():
        reply = exchange(site, "a.b.c", **{name: value})
        assert (reply.status, reply.code) == (422, "invalid-exchange"), name
    assert exchange(site, "a.b.c", scope="admin").code == "unknown-field"


def test_refused_id_tokens_are_limited_by_the_address_they_come_from(site: Site, issuer: Issuer, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "id_token_refused": "3/m/ip"}
    settings.TRUSTED_PROXIES = 1

    def ask(passed: str, token: str) -> Reply:
        body = json.dumps({**REQUEST, "subject_token": token}).encode()
        return site.send("POST", AUTH, body, who=None, headers={"X-Forwarded-For": passed})

    taken = [ask("203.0.113.7", issuer.token()).status for _ in range(4)]
    assert taken == [200] * 4, "those that are taken are not counted"
    # What a client writes there itself stands further left, and counts for nothing.
    refused = [ask(f"198.51.100.{number}, 203.0.113.7", "a.b.c").status for number in range(4)]
    assert refused == [401, 401, 401, 429]
    late = ask("203.0.113.7", issuer.token())
    assert (late.status, late.code, late.headers["retry-after"]) == (429, "rate-limited", "60")
    assert late.json()["retryable"] is True
    assert ask("203.0.113.8", issuer.token()).status == 200


def test_a_trust_may_be_sent_as_it_is_shown(site: Site, issuer: Issuer) -> None:
    """Its empty members as well: the document says that they may be."""
    from drf_spectacular.generators import SchemaGenerator

    (shown,) = site.get(TRUSTS).json()["results"]
    assert shown["issuer"] == issuer.url
    sent = {name: value for name, value in shown.items() if name not in {"id", "made_by", "made_at"}}
    assert site.post({**sent, "ref": "refs/heads/next"}, who="admin", path=TRUSTS).status == 201
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema = {**document["components"]["schemas"]["AskedTrustRequest"], "components": document["components"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(sent)] == []
