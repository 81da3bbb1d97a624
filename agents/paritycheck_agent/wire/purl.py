"""Package URLs without version, canonical for their type (https://github.com/package-url/purl-spec)."""

from __future__ import annotations

_LOWER = frozenset({"alpm", "apk", "bitbucket", "composer", "deb", "github", "gitlab", "golang", "hex", "pub", "pypi"})
_TYPE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.+-")
_HEX = frozenset("0123456789abcdefABCDEF")
_LONGEST = 2048
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


def _quote(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text
    return "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def parsed(text: str) -> tuple[str, str | None, str, str, str] | None:
    """Return type, namespace, name, version and epoch of a package URL, "" for what it lacks; None where it is none.

    `epoch` is the qualifier of rpm, which stands before the version in every version that rpm itself prints.
    """
    scheme, colon, rest = text.strip().partition(":")
    if scheme.lower() != "pkg" or not colon or len(text) > _LONGEST:
        return None
    rest, _mark, qualifiers = rest.partition("#")[0].partition("?")
    kind, _slash, path = rest.lstrip("/").partition("/")
    namespace, _slash, last = path.strip("/").rpartition("/")
    # A scope of npm that nobody quoted begins with the sign that a version follows.
    name, version = last.rpartition("@")[::2] if "@" in last[1:] else (last, "")
    if not kind or not name or not _TYPE.issuperset(kind.lower()):
        return None
    pairs = dict(pair.partition("=")[::2] for pair in qualifiers.split("&"))
    segments = "/".join(_unquoted(part) for part in namespace.split("/") if part)
    return kind.lower(), segments or None, _unquoted(name), _unquoted(version), pairs.get("epoch", "")


def _unquoted(text: str) -> str:
    """Return text without percent signs; what is no such sign stays as it is."""
    if "%" not in text:
        return text
    first, *parts = text.split("%")
    data = first.encode()
    for part in parts:
        code = part[:2]
        whole = len(code) == len("%2") and _HEX.issuperset(code)
        data += bytes((int(code, 16),)) + part[2:].encode() if whole else b"%" + part.encode()
    return data.decode("utf-8", "replace")
