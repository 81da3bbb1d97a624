"""Which proxy a request takes: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Proxy:
    """A proxy's host and port, and the header that it wants; the header is a secret."""

    __slots__ = ("headers", "host", "port")

    def __init__(self, host: str, port: int, headers: dict[str, str]) -> None:
        self.host = host
        self.port = port
        self.headers = headers


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a request, None for a direct one; raise ValueError for a proxy that is no URL."""
    value = _variable(environ, f"{scheme}_proxy")
    if not value or _bypassed(host, port, _variable(environ, "no_proxy")):
        return None
    from urllib.parse import urlsplit

    url = urlsplit(value if "://" in value else f"http://{value}")
    if url.scheme != "http" or not url.hostname:
        raise ValueError(f"{scheme.upper()}_PROXY is not an http:// URL")
    return Proxy(url.hostname, url.port or 8080, _authorization(url.username, url.password))


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    import base64
    from urllib.parse import unquote

    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair).decode()}


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _bypassed(host: str, port: int, listed: str) -> bool:
    host = host.lower().rstrip(".")
    return any(_covers(entry.strip().lower(), host, port) for entry in listed.split(",") if entry.strip())


def _covers(entry: str, host: str, port: int) -> bool:
    """An entry is `*`, a network, or a domain (with all below it), each with or without a port."""
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdigit() and ":" not in name.strip("[]"):
        if int(digits) != port:
            return False
        entry = name
    entry = entry.strip("[]").lstrip("*").lstrip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))


def _in_network(host: str, entry: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
