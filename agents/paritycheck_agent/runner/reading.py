"""Calls of the API that people make with their own token: one document, the rows of all pages, or a decision."""

from __future__ import annotations

from paritycheck_agent.transport.connection import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.config import Config

_PAGE_ROWS = 200
# A server that goes on and on is none of ours.
_PAGES = 1_000


class Reader:
    """A connection to the server of a configuration; raises ConfigError, Refused, Unreachable."""

    def __init__(self, config: Config) -> None:
        """Imports ssl: 10 ms that only asking pays."""
        from paritycheck_agent.runner.session import is_loopback
        from paritycheck_agent.transport.client import Client
        from paritycheck_agent.transport.connection import Connection

        url = config.url()
        if url.startswith("http://") and not is_loopback(url):
            config.warnings.append("PARITY_URL is http: the token travels readable; use https")
        self._connection = Connection(url, token=config.token(), ca_file=config.ca_file, environ=config.environ)
        self._client = Client(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return one document; what is asked for with an empty word is not asked for."""
        from urllib.parse import urlencode

        asked = {name: value for name, value in (query or {}).items() if value}
        return self._client.ask("GET", f"{path}?{urlencode(asked, doseq=True)}" if asked else path, b"", {})

    def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a document."""
        from paritycheck_agent.transport.client import JSON_TYPE
        from paritycheck_agent.wire.canonical import line

        return self._client.ask("POST", path, line(document), {"Content-Type": JSON_TYPE})

    def delete(self, path: str) -> dict[str, Any]:
        """Return the answer to taking something away."""
        return self._client.ask("DELETE", path, b"", {})

    def rows(self, path: str, query: Mapping[str, Any], limit: int) -> dict[str, Any]:
        """Return `{"next", "previous", "results"}` with the rows of as many pages as the limit asks for, 0 for all.

        `next` is null where nothing is left out.
        """
        whole: dict[str, Any] = {"next": None, "previous": None, "results": []}
        asked = dict(query)
        for _page in range(_PAGES):
            left = limit - len(whole["results"]) if limit else _PAGE_ROWS
            answer = self.get(path, {**asked, "page_size": str(min(left, _PAGE_ROWS))})
            whole["results"] += _rows(answer)
            whole["next"], cursor = answer.get("next"), _cursor(answer.get("next"))
            if not cursor or (limit and len(whole["results"]) >= limit):
                return whole
            asked["cursor"] = cursor
        raise Unreachable("the answer has no end")

    def listed(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return a document that has all its rows at once."""
        answer = self.get(path, query)
        _rows(answer)
        return answer


def place(*parts: str) -> str:
    """Return the path of an address of the API, whatever its parts hold."""
    from urllib.parse import quote

    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def _rows(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = answer.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreachable("the answer is no list of this server")
    return rows


def _cursor(address: Any) -> str:
    """Return the cursor of the next page's address; the address itself is not followed: it may name any host."""
    from urllib.parse import parse_qs

    return parse_qs(str(address).partition("?")[2]).get("cursor", [""])[0] if address else ""
