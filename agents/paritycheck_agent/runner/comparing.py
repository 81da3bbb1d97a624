"""Ask for a comparison of two snapshots, page by page, and believe only a whole answer."""

from __future__ import annotations

from paritycheck_agent.transport.connection import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.config import Config
    from paritycheck_agent.transport.client import Client

_PAGE_ROWS = 200
# Two sections' worth of facts: a server that goes on and on is none of ours.
_PAGES = 1_000
_BUCKETS = ("different", "left", "right", "unknown", "same")


def ask_comparison(config: Config, project: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the API's answer with the rows of all pages; raise ConfigError, Refused, Unreachable."""
    from urllib.parse import quote, urlencode

    from paritycheck_agent.runner.session import is_loopback
    from paritycheck_agent.transport.client import Client
    from paritycheck_agent.transport.connection import Connection

    url = config.url()
    if url.startswith("http://") and not is_loopback(url):
        config.warnings.append("PARITY_URL is http: the token travels readable; use https")
    connection = Connection(url, token=config.token(), ca_file=config.ca_file, environ=config.environ)
    asked = {name: value for name, value in query.items() if value}
    path = f"/api/v1/projects/{quote(project, safe='')}/compare?"
    try:
        return _pages(Client(connection), path, {**asked, "page_size": str(_PAGE_ROWS)}, urlencode)
    finally:
        connection.close()


def _pages(client: Client, path: str, asked: dict[str, str], urlencode: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for _page in range(_PAGES):
        answer = client.ask("GET", path + urlencode(asked), b"", {})
        _check(answer)
        whole = whole or {**answer, "results": [], "next": None}
        if (answer["left"], answer["right"]) != (whole["left"], whole["right"]):
            raise Unreachable("a snapshot was added between two pages of the answer; ask again, or name it by number")
        whole["results"] += answer["results"]
        cursor = _cursor(answer.get("next"))
        if not cursor:
            return whole
        asked["cursor"] = cursor
    raise Unreachable("the answer has no end")


def _check(answer: Mapping[str, Any]) -> None:
    counts = answer.get("counts")
    whole = isinstance(counts, dict) and all(isinstance(counts.get(bucket), int) for bucket in _BUCKETS)
    if not whole or not isinstance(answer.get("results"), list) or "left" not in answer or "right" not in answer:
        raise Unreachable("the answer is no comparison")


def _cursor(address: Any) -> str:
    """Return the cursor of the next page's address; the address itself is not followed: it may name any host."""
    from urllib.parse import parse_qs

    return parse_qs(str(address).partition("?")[2]).get("cursor", [""])[0] if address else ""
