"""The API of the cluster that this pod runs in, asked as its service account: GET only, TLS verified by its authority.

https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/. Secrets are asked for by name, one by one, and
only those whose keys all become variables: a role can then leave out all others, or Secrets altogether.
"""

from __future__ import annotations

import os

from paritycheck_agent.context import Unknown
from paritycheck_agent.sources.cluster import KINDS, application, parsed, table
from paritycheck_agent.sources.kubernetes import at, rows, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.cluster import Cluster

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
RESOURCES = (
    ("/apis/apps/v1", "deployments", "Deployment"),
    ("/apis/apps/v1", "statefulsets", "StatefulSet"),
    ("/apis/apps/v1", "daemonsets", "DaemonSet"),
    ("/apis/batch/v1", "cronjobs", "CronJob"),
    ("/api/v1", "pods", "Pod"),
)
ANSWER_S, TOTAL_S = 10.0, 60.0
ANSWER_BYTES = 16 * 1024 * 1024
TOKEN_BYTES = 64 * 1024
PAGE, PAGES = 100, 40
REFERENCES = 50
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404


class Refused(Exception):  # noqa: N818 - read as "raise Refused"
    """The role of the service account does not allow it."""


def read(context: Context, found: Cluster) -> None:
    """Fill `found` with what the role lets see; raise Unknown where the API cannot be asked, or nothing may be seen."""
    api = _Api(context)
    objects: list[Any] = []
    try:
        for group, resource, kind in RESOURCES:
            objects += _listed(api, found, f"{group}/namespaces/{api.namespace}/{resource}", kind)
        if len(found.refused) == len(RESOURCES):
            raise Unknown("no-permission")
        found.take(objects)
        _read_referenced(context, api, found, objects)
    finally:
        api.close()
    found.take(objects)


def _listed(api: _Api, found: Cluster, path: str, kind: str) -> list[Any]:
    try:
        return api.all(path, kind)
    except Refused:
        found.refuse(path.rpartition("/")[2], "list")
        return []


def _read_referenced(context: Context, api: _Api, found: Cluster, objects: list[Any]) -> None:
    """Ask for the ConfigMaps and Secrets whose keys all become variables of the application's workload."""
    workload = application(context, found)
    containers = workload.containers if workload else []
    wanted = {(kind, name): None for one in containers for kind, name, _, _ in one.env_from}
    for kind, name in list(wanted)[:REFERENCES]:
        try:
            thing = api.get(f"/api/v1/namespaces/{api.namespace}/{KINDS[kind]}/{_quoted(name)}")
        except Refused:
            found.refuse(KINDS[kind], "get")
            continue
        if isinstance(thing, dict):
            objects.append({**thing, "kind": kind})


class _Api:
    """One connection. No proxy is asked: the API is of this cluster."""

    def __init__(self, context: Context) -> None:
        import time

        environ = context.environ
        self._host, self._port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
        if not self._host or not self._port.isdigit():
            raise Unknown("not-collected")
        self._token = _line("token")
        self.namespace = _quoted(table(context, "namespace") or _line("namespace"))
        self._connection: http.client.HTTPSConnection | None = None
        self._until = time.monotonic() + TOTAL_S

    def all(self, path: str, kind: str) -> list[Any]:
        """Return all objects of a list, page by page. The API leaves out the kind of the items; it is put back."""
        found: list[Any] = []
        token = ""
        for _ in range(PAGES):
            answer = self.get(f"{path}?limit={PAGE}" + (f"&continue={_quoted(token)}" if token else ""))
            found += [{**item, "kind": kind} for item in rows(at(answer, "items")) if isinstance(item, dict)]
            token = text(at(answer, "metadata", "continue"))
            if not token:
                return found
        raise Unknown("too-large")

    def get(self, path: str) -> Any:
        """Return the document at path, None where there is none; raise Refused, or Unknown with the reason."""
        import http.client

        try:
            status, body = self._asked(path)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unknown(_reason(error)) from None
        if status == FORBIDDEN:
            raise Refused
        if status == NOT_FOUND:
            return None
        if status != OK:
            raise Unknown("auth-failed" if status == UNAUTHORIZED else "bad-reply")
        documents = parsed(body)
        return documents[0] if documents else None

    def _asked(self, path: str) -> tuple[int, bytes]:
        import time

        connection = self._connected()
        if time.monotonic() > self._until:
            raise TimeoutError
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = bytearray()
        while piece := response.read1(64 * 1024):
            body += piece
            if len(body) > ANSWER_BYTES or time.monotonic() > self._until:
                raise Unknown("too-large" if len(body) > ANSWER_BYTES else "timeout")
        response.close()
        return response.status, bytes(body)

    def _connected(self) -> http.client.HTTPSConnection:
        if self._connection is None:
            import http.client
            import ssl

            try:
                trusted = ssl.create_default_context(cafile=os.path.join(ACCOUNT, "ca.crt"))
            except OSError:
                raise Unknown("no-permission") from None
            trusted.minimum_version = ssl.TLSVersion.TLSv1_2
            self._connection = http.client.HTTPSConnection(
                self._host, int(self._port), timeout=ANSWER_S, context=trusted
            )
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _reason(error: Exception) -> str:
    import socket
    import ssl

    # Until 3.10 a timeout of a socket is no TimeoutError.
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (socket.timeout, "timeout"),
        (TimeoutError, "timeout"),
        (ssl.SSLError, "tls-failed"),
        (ConnectionRefusedError, "connection-refused"),
        (socket.gaierror, "name-not-found"),
    )
    return next((reason for kind, reason in reasons if isinstance(error, kind)), "bad-reply")


def _line(name: str) -> str:
    """The text of one of the service account's files; without one there is no right to ask."""
    try:
        with open(os.path.join(ACCOUNT, name), encoding="ascii") as stream:
            content = stream.read(TOKEN_BYTES).strip()
    except (OSError, ValueError):
        raise Unknown("no-permission") from None
    if not content or not content.isprintable() or " " in content:
        raise Unknown("no-permission")
    return content


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
