"""LDAP: the root entry, which a server shows to everybody (RFC 4512, 5.1), by an own small reader of BER.

Anonymous, one search, no credentials. OpenLDAP names itself and not its version; 389, Samba and others tell both.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("ldap",)
INTEGER, OCTETS, ENUMERATED, SEQUENCE, BOOLEAN = 0x02, 0x04, 0x0A, 0x30, 0x01
SEARCH, ENTRY, DONE, PRESENT = 0x63, 0x64, 0x65, 0x87
NOTICE = 0x78
ATTRIBUTES = (
    *("vendorName", "vendorVersion", "objectClass", "structuralObjectClass", "supportedControl", "supportedExtension"),
    *("supportedSASLMechanisms", "supportedLDAPVersion", "domainControllerFunctionality"),
)
SECONDS = 3
MESSAGE_BYTES = 256 * 1024
MESSAGES = 20
# No access, one needs to log in first, confidentiality required.
REFUSALS = {1: "auth-required", 8: "auth-required", 13: "tls-failed", 48: "auth-required", 50: "no-permission"}
REFUSALS.update({51: "connection-refused", 52: "connection-refused", 53: "no-permission"})
START_TLS = "1.3.6.1.4.1.1466.20037"
VERSION = re.compile(r"\d+(?:\.\d+)+")
PRODUCTS = {
    "389 Project": "389ds", "Samba": "samba", "Apache": "apacheds", "LLDAP": "lldap", "OpenDJ": "opendj",
    "ForgeRock": "forgerock", "Oracle": "oracle", "Sun Microsystems": "sun", "Novell": "edirectory",
    "NetIQ": "edirectory", "International Business Machines": "ibm", "glauth": "glauth",
}  # fmt: skip


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": "ldap", "via": "scheme"}
    try:
        with Connection(target) as connection:
            if target.tls not in ("", "disable"):
                connection.encrypt(hostname=target.tls != "verify-ca")
            connection.send(_search())
            _name(_root(connection, found), found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _search() -> bytes:
    scope_and_aliases = _tlv(ENUMERATED, b"\0") * 2
    limits = _tlv(INTEGER, b"\1") + _tlv(INTEGER, bytes([SECONDS])) + _tlv(BOOLEAN, b"\0")
    wanted = _tlv(SEQUENCE, b"".join(_tlv(OCTETS, name.encode()) for name in ATTRIBUTES))
    search = _tlv(OCTETS, b"") + scope_and_aliases + limits + _tlv(PRESENT, b"objectClass") + wanted
    return _tlv(SEQUENCE, _tlv(INTEGER, b"\1") + _tlv(SEARCH, search))


def _root(connection: Connection, found: dict[str, Any]) -> dict[str, list[str]]:
    """The attributes of the root entry, names in small letters."""
    attributes: dict[str, list[str]] = {}
    for _ in range(MESSAGES):
        parts = list(_parts(_message(connection)))
        if len(parts) < 2 or parts[0][0] != INTEGER:  # noqa: PLR2004 -- number and operation
            raise Unanswered("bad-reply")
        kind, body = parts[1]
        if kind == ENTRY:
            attributes.update(_attributes(body))
        elif kind == DONE:
            found["via"] = "handshake"
            _check(body)
            return attributes
        elif kind == NOTICE:
            raise Unanswered("connection-refused")
        else:
            raise Unanswered("bad-reply")
    raise Unanswered("bad-reply")


def _check(body: bytes) -> None:
    code = next(_parts(body), (0, b"\xff"))[1]
    # 4 is "more than you asked for", and what was asked for came.
    if code not in (b"\0", b"\4"):
        raise Unanswered(REFUSALS.get(int.from_bytes(code[:4], "big"), "bad-reply"))


def _attributes(body: bytes) -> dict[str, list[str]]:
    attributes: dict[str, list[str]] = {}
    rows = [data for kind, data in _parts(body) if kind == SEQUENCE]
    for _, row in _parts(rows[0] if rows else b""):
        name, values = ([data for _, data in _parts(row)] + [b"", b""])[:2]
        texts = [data.decode("utf-8", "replace") for _, data in _parts(values)]
        attributes[name.decode("utf-8", "replace").lower()] = texts
    return attributes


def _name(root: dict[str, list[str]], found: dict[str, Any]) -> None:
    if not root:
        raise Unanswered("no-permission")
    vendor = " ".join(root.get("vendorname", []) + root.get("vendorversion", []))
    classes = root.get("structuralobjectclass", []) + root.get("objectclass", [])
    named = [variant for word, variant in PRODUCTS.items() if word.lower() in vendor.lower()]
    named += ["openldap"] if "OpenLDAProotDSE" in classes else []
    named += ["active-directory"] if "domaincontrollerfunctionality" in root else []
    if named:
        found["variant"] = named[0]
    found["settings"] = _settings(root)
    match = VERSION.search(" ".join(root.get("vendorversion", [])))
    if match is None:
        raise Unanswered("redacted")
    found["value"] = match[0]


def _settings(root: dict[str, list[str]]) -> dict[str, str]:
    settings = {"controls": str(len(set(root.get("supportedcontrol", []))))}
    settings["starttls"] = "true" if START_TLS in root.get("supportedextension", []) else "false"
    settings["sasl"] = " ".join(sorted(set(root.get("supportedsaslmechanisms", []))))
    settings["functionality"] = "".join(root.get("domaincontrollerfunctionality", [])[:1])
    return {name: value for name, value in settings.items() if value}


# BER


def _tlv(kind: int, data: bytes) -> bytes:
    size = len(data)
    if size < 0x80:  # noqa: PLR2004 -- the short form of a length
        return bytes([kind, size]) + data
    return bytes([kind, 0x82]) + size.to_bytes(2, "big") + data


def _message(connection: Connection) -> bytes:
    head = connection.read(2)
    size = head[1]
    if size & 0x80:
        if not 0 < size & 0x7F <= 4:  # noqa: PLR2004 -- 32 bits are more than are read
            raise Unanswered("bad-reply")
        size = int.from_bytes(connection.read(size & 0x7F), "big")
    if head[0] != SEQUENCE or size > MESSAGE_BYTES:
        raise Unanswered("bad-reply")
    return connection.read(size)


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that stand side by side in `data`: tag and contents."""
    at = 0
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            more = size & 0x7F
            size = int.from_bytes(data[at : at + more], "big")
            at += more
        if at + size > len(data):
            raise Unanswered("bad-reply")
        yield kind, data[at : at + size]
        at += size
