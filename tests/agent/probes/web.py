"""A web server of a few lines that answers from a table, and how a probe of a service of HTTP is asked."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from paritycheck_agent.collectors.services import PROBES
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import PASSWORD

if TYPE_CHECKING:
    import socket

KEYS = {
    "elasticsearch": "ELASTICSEARCH_URL", "opensearch": "OPENSEARCH_URL", "consul": "CONSUL_HTTP_ADDR",
    "vault": "VAULT_ADDR", "openbao": "BAO_ADDR", "s3": "AWS_ENDPOINT_URL_S3", "clickhouse": "CLICKHOUSE_URL",
    "etcd": "ETCD_URL", "rabbitmq": "RABBITMQ_MANAGEMENT_URL",
}  # fmt: skip


def ask(kind: str, url: str, token: str | None = None) -> dict[str, Any]:
    target = targets.parse(KEYS[kind], url)
    assert target is not None
    assert target.kind == kind
    target.token = token
    answer: dict[str, Any] = __import__(PROBES[kind], fromlist=["probe"]).probe(target)
    return answer


class Web:
    """Answers GET by path from a table of (status, headers, document); a path not in it is a 404."""

    def __init__(
        self, table: dict[str, tuple[int, dict[str, str], Any]], login: str | None = None, refusal: int = 401
    ) -> None:
        self.table = table
        self.refusal = refusal
        self.login = login
        self.asked: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        while True:
            head = connection.recv(65536).decode("latin-1")
            if not head:
                return
            path = head.split(" ")[1]
            self.asked.append(head)
            given = re.search(r"(?i)^authorization: (.+?)\r$", head, re.MULTILINE)
            refused = self.login is not None and (given is None or given[1] != self.login)
            status, headers, document = self.table.get(path.partition("?")[0], (404, {}, ""))
            if refused and not path.startswith("/v1/status"):
                status, document = self.refusal, "no"
            body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
