"""Where a backing service listens, and how to get in."""

from __future__ import annotations

TOTAL_S = 5.0


class Target:
    """A service as configuration names it. `path` is a unix socket's, instead of host and port.

    `token` is a key of the service's own kind, beside or instead of user and password. `tls` is what the URL asks
    for: "" (nothing said), "disable", "prefer", "require", "verify-ca" or "verify-full"; `ca_file` a file of
    certificates to verify with instead of the system's. `deadline` is in seconds for the whole probe; `folder` is
    the checkout, from where the path of a file counts.
    """

    __slots__ = (
        *("ca_file", "database", "deadline", "folder", "host", "kind", "password", "path", "port", "scheme", "tls"),
        *("token", "user"),
    )

    def __init__(
        self,
        kind: str,
        *,
        host: str = "",
        port: int = 0,
        path: str = "",
        user: str | None = None,
        password: str | None = None,
        database: str = "",
    ) -> None:
        self.kind = kind
        self.scheme = ""
        self.host = host
        self.port = port
        self.path = path
        self.user = user
        self.password = password
        self.database = database
        self.tls = ""
        self.token: str | None = None
        self.ca_file: str | None = None
        self.deadline = TOTAL_S
        self.folder = ""

    @property
    def loopback(self) -> bool:
        host = self.host.lower()
        return bool(self.path) or host in ("", "localhost", "::1") or host.startswith("127.")
