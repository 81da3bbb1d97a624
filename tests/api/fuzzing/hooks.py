"""What schemathesis loads: bodies that mean something, objects to delete, signatures, and a line for each call."""

import hashlib
import hmac
import itertools
import json
import os
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import requests
import schemathesis

SETTINGS: dict[str, Any] = json.loads(Path("stock.json").read_text())
CALLS = Path("calls.tsv")
FIRST = int(os.environ.get("FUZZ_FIRST", "1000"))
numbers = itertools.count(FIRST)
turns = itertools.count()
P = "/api/v1/projects/shop"
CDEVENT = "dev.cdevents.service.upgraded.0.2.0"
STAGING = f"{P}/environments/staging"
SPARED = 4
"""Of so many bodies one stays as schemathesis made it, and in another only some members are its own."""
# What ends something: how another of its kind is made before, so that there is always one to end.
MADE = {
    "remove_channel": (f"{P}/channels", "create_channel"),
    "end_subscription": (f"{P}/subscriptions", "create_subscription"),
    "remove_member": (f"{P}/members", "add_member"),
    "change_member": (f"{P}/members", "add_member"),
    "revoke_project_token": (f"{P}/tokens", "create_project_token"),
    "revoke_token": ("/api/v1/tokens", "create_token"),
    "remove_trust": (f"{P}/trusts", "add_trust"),
    "end_waiver": (f"{P}/waivers", "create_waiver"),
    "give_up_delivery": (f"{P}/deliveries/{SETTINGS['words']['deliveries'][0]}/send", ""),
    "end_badge": ("/api/v1/projects/aside/badge", ""),
    "forget_lock": (f"{STAGING}/locks/uv.lock", "send_lock"),
    "forget_sbom": (f"{STAGING}/sbom", "send_sbom"),
}


def written(value: Any) -> bytes:
    """A body as it goes out."""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value, default=str).encode()


@schemathesis.serializer("application/x-ndjson", "application/toml", "application/octet-stream")
def serialize(_context: Any, value: Any) -> bytes:
    """Bodies that schemathesis has no writer for."""
    return written(value)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Three of four calls that are to succeed get what they need for it."""
    name = case.operation.definition.raw.get("operationId", "")
    turn = next(turns) % SPARED
    _spare(name, case)
    if case.meta is None or not case.meta.generation.mode.is_positive or not turn:
        return
    if name in SETTINGS["bodies"]:
        _fill(name, case, turn)
    if case.meta.phase.name.value != "stateful":
        _place(name, case)
    if name in {"put_section", "put_policy"}:
        case.path_parameters = {**case.path_parameters, "sha256": hashlib.sha256(written(case.body)).hexdigest()}
    _sign(name, case)


def _spare(name: str, case: Any) -> None:
    """What others need stays: no call ends it, and what changes a project changes the one that is for it."""
    had = case.path_parameters or {}
    if name in SETTINGS["aside"] and had.get("project") == "shop":
        case.path_parameters = {**had, "project": "aside"}
    if name in MADE and had.get("ident") in SETTINGS["protected"]:
        case.path_parameters = {**had, "ident": "0" * 12 if "token" in name else str(uuid.UUID(int=0))}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """For the report."""
    phase = case.meta.phase.name.value if case.meta is not None else "probe"
    with CALLS.open("a") as file:
        file.write(f"{phase}\t{case.operation.label}\t{response.status_code}\n")


def _filled(body: Any) -> Any:
    """A body of the stock, with what has to be another each time."""
    number = next(numbers)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = json.dumps(body).replace('"{seq}"', str(time.time_ns() // 1000)).replace("{n}", str(number))
    said = said.replace("{uuid}", str(uuid.uuid4())).replace("{now}", now)
    return json.loads(said.replace("{id_token}", _id_token()) if "{id_token}" in said else said)


def _fill(name: str, case: Any, turn: int) -> None:
    stock = SETTINGS["bodies"][name]
    body = _filled(stock[next(numbers) % len(stock)])
    if turn == 1 and isinstance(body, dict) and isinstance(case.body, dict):
        body |= dict(list(case.body.items())[:1])
    case.body = body


def _place(name: str, case: Any) -> None:
    """An address where something is; what is ended is made before. Calls that follow others know theirs."""
    if name in MADE:
        return _make(name, case)
    words: dict[str, list[Any]] = SETTINGS["words"]
    kind = next((part for part in reversed(case.operation.path.split("/")) if part in words), "")
    known = {**words, "ident": words.get(kind, []), "project": ["aside" if name in SETTINGS["aside"] else "shop"]}
    case.path_parameters = {
        part: known[part][next(numbers) % len(known[part])] if known.get(part) and value not in known[part] else value
        for part, value in (case.path_parameters or {}).items()
    }
    return None


def _make(name: str, case: Any) -> None:
    path, made_by = MADE[name]
    body = _filled(SETTINGS["bodies"][made_by][0]) if made_by else None
    sent = {"data": body.encode()} if isinstance(body, str) else {"json": body}
    headers = {"Authorization": f"Bearer {SETTINGS['tokens']['']}"}
    if isinstance(body, str):
        headers["Content-Type"] = "application/octet-stream"
    reply = requests.post(SETTINGS["url"] + path, headers=headers, timeout=60, **sent)
    if reply.status_code == requests.codes.too_many_requests:
        return  # Uploads are limited for each environment; the call is then made as it came.
    if not reply.ok:
        raise AssertionError(f"nothing to end: {reply.status_code} {reply.text}")
    parameters = {
        "project": path.split("/")[4] if path.startswith("/api/v1/projects/") else "", "environment": "staging",
        "ident": reply.json().get("id"), "name": "uv.lock",
    }  # fmt: skip
    had, case.query = case.path_parameters or {}, {}
    case.path_parameters = {**had, **{key: value for key, value in parameters.items() if key in had}}


def _sign(name: str, case: Any) -> None:
    had = case.headers or {}
    if name == "send_gitlab_hook":
        case.headers = {**had, "X-Gitlab-Token": SETTINGS["gitlab"], "X-Gitlab-Event": "Deployment Hook"}
    if name == "send_github_hook":
        case._auth = _signed
    if name == "send_cdevent" and case.media_type != "application/json":
        case.body = {"type": CDEVENT, "data": case.body}
    elif name == "send_cdevent":
        case.headers = {**had, "Ce-Type": CDEVENT}


def _signed(request: Any) -> Any:
    """GitHub's way, over the bytes as they go out."""
    body = request.body or b""
    data = body.encode() if isinstance(body, str) else body
    signature = hmac.digest(SETTINGS["github"].encode(), data, hashlib.sha256).hex()
    request.headers.update({"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "deployment_status"})
    return request


def _id_token() -> str:
    now = int(time.time())
    claims = {
        "iss": "https://token.actions.githubusercontent.com", "aud": SETTINGS["audience"], "exp": now + 300,
        "iat": now, "jti": str(uuid.uuid4()), "repository_id": "811634771", "repository_owner_id": "1342004",
    }  # fmt: skip
    return jwt.encode(claims, SETTINGS["key"], algorithm="RS256", headers={"kid": "k1"})
