"""S3 and what speaks like it: whose server it is, from the answer to a stranger's `GET /`.

No S3 but a few tells its version to clients (MinIO's is for administrators): kind and variant are the normal outcome.
`s3://` names a bucket, no host: only endpoints are asked.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.http import Reply
    from paritycheck_agent.connection.target import Target

KINDS = ("s3",)
# What the header Server holds, and whose server it is.
SERVERS = {
    "minio": "minio",
    "amazons3": "aws",
    "ceph object gateway": "ceph",
    "seaweedfs": "seaweedfs",
    "garage": "garage",
    "wasabis3": "wasabi",
    "localstack": "localstack",
    "rustfs": "rustfs",
    "versitygw": "versity",
    "cloudflare": "r2",
}
HEAD_CHARS = 2000
SIGNS = ("<Code>AccessDenied</Code>", "<ListAllMyBucketsResult", "<Code>MissingSecurityHeader</Code>")
NUMBERED = re.compile(r"(?:SeaweedFS|WasabiS3)[^0-9]{1,8}(?:\d+GB )?/?(\d+(?:\.\d+)+)")


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`."""
    found: dict[str, Any] = {"kind": "s3", "via": "scheme"}
    if target.scheme not in ("http", "https"):
        return {**found, "unknown": "not-collected"}
    try:
        with Connection(target) as connection:
            _name(Session(connection, target).get("/"), found)
    except Unanswered as answer:
        found["unknown"] = answer.reason
    return found


def _name(reply: Reply, found: dict[str, Any]) -> None:
    server = reply.headers.get("server", "")
    speaks = "x-amz-request-id" in reply.headers or any(sign in reply.text[:HEAD_CHARS] for sign in SIGNS)
    variants = [variant for word, variant in SERVERS.items() if server.lower().startswith(word)]
    # A name alone is not enough where other things have it too: all of Cloudflare says so.
    if not speaks and variants in ([], ["r2"]):
        raise Unanswered("bad-reply")
    found["via"] = "handshake"
    if variants:
        found["variant"] = variants[0]
    match = NUMBERED.match(server)
    found.update({"value": match[1]} if match is not None else {"unknown": "redacted"})
