"""Package URLs without version, canonical for their type (https://github.com/package-url/purl-spec)."""

from __future__ import annotations

_LOWER = frozenset({"alpm", "apk", "bitbucket", "composer", "deb", "github", "gitlab", "golang", "hex", "pub", "pypi"})
_SAFE = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~:")


def purl(kind: str, name: str, namespace: str | None = None) -> str:
    """Return `pkg:type/namespace/name`. npm keeps its case: `JSONStream` and `jsonstream` differ.

    A name may be written as its tool writes it: with an npm scope, a Composer vendor, a Go module's path, or a
    Maven `group:artifact`.
    """
    kind = kind.lower()
    if kind in _LOWER:
        name, namespace = name.lower(), namespace and namespace.lower()
    if kind == "pypi":
        name = normalized(name)
    if kind == "pub":
        name = name.replace("-", "_")
    if namespace is None and ((kind == "npm" and name.startswith("@")) or kind == "composer") and "/" in name:
        namespace, name = name.split("/", 1)
    if kind == "maven" and namespace is None and ":" in name:
        namespace, name = name.split(":", 1)
    segments = [part for part in (namespace or "").split("/") if part]
    tail = [part for part in name.split("/") if part] if kind == "golang" else [name]
    return f"pkg:{kind}/" + "/".join(_quote(part) for part in segments + tail)


def normalized(name: str) -> str:
    """Return the PEP 503 form of a Python project's name: runs of `-_.` are one hyphen."""
    pieces = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(piece for index, piece in enumerate(pieces) if piece or index in {0, len(pieces) - 1})


def policy_form(pattern: str) -> str:
    """Return a pattern of a policy as names are written: a leading `@` of a scope is read as `%40`."""
    if pattern.startswith("@"):
        return "%40" + pattern[1:]
    return pattern.replace("/@", "/%40")


def _quote(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text
    return "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in text.encode())
