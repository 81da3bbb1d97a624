"""What may leave this host: keyed fingerprints instead of values, and no text that holds a secret."""

from __future__ import annotations

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.secrets import marked, suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

KEY_BYTES = 32
FINGERPRINT_MIN_CHARS = 16
_MAC_BYTES = 16
_KEY_ID_BYTES = 4
# Shapes of so few possible values that whoever holds the key could try them all (gaps.md, fingerprints, 4).
_GUESSABLE = frozenset({"empty", "placeholder", "bool", "int", "number"})


class KeyFault(Exception):  # noqa: N818 - a fault of a key, read as "raise KeyFault"
    """A fingerprint key that cannot be used; the text names where it stands, never what it is."""


def keys_of(environ: Mapping[str, str]) -> list[bytes]:
    """Return the fingerprint keys of `PARITY_KEY` or the file `PARITY_KEY_FILE`, the own key first.

    A key is 64 hex digits, as `parity keygen` writes it; lines after the first are extra keys of lower tiers.
    """
    path = environ.get("PARITY_KEY_FILE", "")
    where, text = "PARITY_KEY", environ.get("PARITY_KEY", "")
    if path and not text:
        where = "the file of PARITY_KEY_FILE"
        try:
            with open(path, encoding="ascii", errors="replace") as stream:
                text = stream.read(limits.REPORT_BYTES)
        except OSError as error:
            raise KeyFault(f"{where} cannot be read: {error.strerror}") from None
    return [_key(row, where) for row in text.split()]


def _key(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFault(f"{where} holds no key of {2 * KEY_BYTES} hex digits; `parity keygen` makes one")
    return key


def key_id(key: bytes) -> str:
    """Return the first 4 bytes of HMAC-SHA256(key, "key-id") as 8 hex digits."""
    return _hmac(key, b"key-id")[:_KEY_ID_BYTES].hex()


def fingerprint(key: bytes, name: str, value: str) -> str:
    """Return `pc1:<key id>:<26 base32 characters>` of a value under its name (gaps.md, fingerprints)."""
    import base64

    named, valued = name.encode(), value.encode("utf-8", "surrogateescape")
    mac = _hmac(key, b"pc1" + _prefixed(named) + _prefixed(valued))[:_MAC_BYTES]
    text = base64.b32encode(mac).decode().rstrip("=").lower()
    return f"pc1:{key_id(key)}:{text}"


def may_fingerprint(value: str, shape: str) -> bool:
    """Return whether a value has enough possible others for its fingerprint to keep it."""
    return len(value) >= FINGERPRINT_MIN_CHARS and shape not in _GUESSABLE


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _hmac(key: bytes, message: bytes) -> bytes:
    import hmac

    return hmac.digest(key, message, "sha256")


def printable(text: str) -> str:
    """Return text for a terminal: control characters, bidi overrides and the like as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def clean(section: str, facts: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the facts that may be sent, and warnings that count what was left out.

    A name that looks like a secret leaves its fact out; such a value becomes unknown(redacted); a member that
    does not fit the wire is cut or left out. So one odd line never costs a whole section.
    """
    counts = {"secret": 0, "long": 0, "value": 0}
    rows = [{key: _storable(value) for key, value in fact.items()} for fact in facts]
    # Asked once of everything: nearly always nothing can be suspected, and each string is spared the question.
    quiet = section != "config" and not marked("\n".join(_texts(rows)))
    kept = [row for row in rows if _fits(section, row, counts, quiet=quiet)]
    said = (
        (counts["secret"], "left out: the name looks like it holds a secret"),
        (counts["long"], f"left out: the name is longer than {limits.NAME_CHARS} characters"),
        (counts["value"], "redacted: the value looks like it holds a secret or is too long"),
    )
    return kept, [f"{count} {'fact' if count == 1 else 'facts'} {text}" for count, text in said if count]


def _texts(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for row in rows:
        yield row["name"]
        value = row.get("value", "")
        yield from [value] if isinstance(value, str) else value
        yield from row.get("sources", ())


def _fits(section: str, row: dict[str, Any], counts: dict[str, int], *, quiet: bool) -> bool:
    """Return whether a fact may be sent; take out of it what may not."""
    name = row["name"]
    if not quiet and suspected(name, entropy=section == "config"):
        counts["secret"] += 1
        return False
    if len(name) > limits.NAME_CHARS:
        counts["long"] += 1
        return False
    if section == "config":
        row.pop("value", None)
    if not _value_fits(section, row, quiet=quiet):
        counts["value"] += 1
        _redact_value(row)
    if "sources" in row:
        row["sources"] = [source for source in row["sources"] if _source_fits(source, quiet=quiet)][: limits.SOURCES]
    return True


def _redact_value(row: dict[str, Any]) -> None:
    plain = row.pop("plain", None)
    if row.pop("value", None) is not None and plain is None:
        row["unknown"] = "redacted"


def _value_fits(section: str, row: Mapping[str, Any], *, quiet: bool) -> bool:
    plain = row.get("plain")
    if plain is not None and (len(plain) > limits.PLAIN_CHARS or suspected(plain, entropy=True)):
        return False
    version = section in {"dependencies", "runtime"} or (section == "services" and "." not in row["name"])
    most = limits.VERSION_CHARS if version else limits.STRING_CHARS
    value = row.get("value", "")
    values = [value] if isinstance(value, str) else value
    return all(len(item) <= most and (quiet or not suspected(item)) for item in values)


def _source_fits(source: str, *, quiet: bool) -> bool:
    return len(source) <= limits.STRING_CHARS and (quiet or not suspected(source))


def _storable(value: Any) -> Any:
    """Write NUL and undecodable bytes of file names and variables as escapes: the wire holds neither."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
