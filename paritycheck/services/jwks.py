"""Public keys of issuers of id tokens, fetched by the rules of all that leaves this server, kept five minutes."""

import base64
import binascii
import json
from collections.abc import Mapping
from threading import Lock
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from paritycheck.core.channel import ChannelError, Request
from paritycheck.core.trust import KEYS
from paritycheck.services.outgoing import MOST_BYTES, rules, send

KEEP_S: Final = 300.0
AGAIN_S: Final = 30.0
"""How long a failure, or a key that is not there, is not asked for again."""
WITHIN_S: Final = 10.0
MOST_KEYS: Final = 50
LEAST_BITS: Final = 2_048
MOST_BITS: Final = 8_192
OK: Final = 200
Keys = Mapping[str, RSAPublicKey]


class KeysError(Exception):
    """Keys that could not be had; the reason is for the log."""


class _Kept:
    """Keys by issuer, when they were asked for, and why there are none."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[float, Keys, str]] = {}
        self._lock = Lock()

    def get(self, issuer: str) -> tuple[float, Keys, str]:
        """How long ago, the keys, and the trouble."""
        at, keys, trouble = self._rows.get(issuer, (float("-inf"), {}, ""))
        return monotonic() - at, keys, trouble

    def keep(self, issuer: str, keys: Keys, trouble: str) -> None:
        with self._lock:
            self._rows[issuer] = (monotonic(), keys, trouble)

    def forget(self) -> None:
        with self._lock:
            self._rows.clear()


_kept = _Kept()


def key_of(issuer: str, kid: str) -> RSAPublicKey:
    """The issuer's key of this name. Raises KeysError. One that is not known is looked for twice a minute at most."""
    age, keys, trouble = _kept.get(issuer)
    if age >= (KEEP_S if kid in keys else AGAIN_S):
        keys, trouble = _fetch(issuer)
        _kept.keep(issuer, keys, trouble)
    if kid not in keys:
        raise KeysError(trouble or "no key of this kid")
    return keys[kid]


def _fetch(issuer: str) -> tuple[Keys, str]:
    try:
        return read_keys(_get(KEYS.get(issuer) or _discovered(issuer))), ""
    except KeysError as error:
        return {}, str(error)


def _discovered(issuer: str) -> str:
    """Where an issuer says its keys are: on its own host."""
    found = _get(f"{issuer}/.well-known/openid-configuration")
    place = found.get("jwks_uri")
    if found.get("issuer") != issuer or not isinstance(place, str):
        raise KeysError("the discovery document is another issuer's")
    try:
        same = urlsplit(place)[:2] == urlsplit(issuer)[:2]
    except ValueError:
        same = False
    if not same:
        raise KeysError("the keys are on another host than the issuer")
    return place


def _get(url: str) -> dict[str, Any]:
    if not url.startswith("https://"):
        raise KeysError("not https")
    try:
        answer = send(Request("GET", url, b"", {"Accept": "application/json"}), rules(within_s=WITHIN_S))
    except ChannelError as error:
        raise KeysError(error.reason) from None
    if answer.status != OK or len(answer.body) >= MOST_BYTES:
        raise KeysError(f"answered {answer.status}" if answer.status != OK else "the answer is too large")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise KeysError("the answer is no JSON") from None
    if not isinstance(document, dict):
        raise KeysError("the answer is no JSON object")
    return document


def read_keys(document: Mapping[str, Any]) -> Keys:
    """The RSA keys of a JWKS (RFC 7517) that sign by RS256; others are passed over. Raises KeysError."""
    rows = document.get("keys")
    if not isinstance(rows, list) or len(rows) > MOST_KEYS:
        raise KeysError("the answer is no set of keys")
    found = {}
    for row in rows:
        key = _key(row) if isinstance(row, dict) and isinstance(row.get("kid"), str) else None
        if key is not None:
            found[row["kid"]] = key
    return found


def _key(row: Mapping[str, Any]) -> RSAPublicKey | None:
    if row.get("kty") != "RSA" or row.get("use", "sig") != "sig" or row.get("alg", "RS256") != "RS256":
        return None
    try:
        modulus, exponent = _number(row["n"]), _number(row["e"])
        if not LEAST_BITS <= modulus.bit_length() <= MOST_BITS:
            return None
        return RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        return None


def _number(text: str) -> int:
    """Base64url of an unsigned integer, most significant byte first."""
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True))
