"""SMTP: the greeting and what `EHLO` lists (RFC 5321), before anybody logs in; no credentials are shown.

Many servers name their product and not its version, on purpose. Where the URL asks for TLS it is entered at once
(port 465, `smtps`, `smtp+ssl`) or by STARTTLS, as mail libraries do.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("smtp",)
PORT_TLS = 465
# Where django-environ's `smtps` means STARTTLS.
PORTS_CLEAR = (25, 587, 2525)
SIZE_DIGITS = 20
# https://www.iana.org/assignments/sasl-mechanisms, and what mail servers offer beside: a closed list, so that no other
# word of an answer is told.
MECHANISMS = frozenset({
    "ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "EXTERNAL", "GSS-SPNEGO", "GSSAPI", "LOGIN", "NTLM", "OAUTHBEARER", "PLAIN",
    "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS",
    "XOAUTH2",
})  # fmt: skip
LINES = 100
READY, DONE = b"220", b"250"
BUSY = (b"421", b"554")
# A literal needs no name of this host, and none is told.
EHLO = b"EHLO [127.0.0.1]\r\n"
PRODUCTS = {
    "Postfix": "postfix", "Exim": "exim", "OpenSMTPD": "opensmtpd", "Sendmail": "sendmail", "Haraka": "haraka",
    "Microsoft ESMTP": "exchange", "MailHog": "mailhog", "Mailpit": "mailpit", "GreenMail": "greenmail",
    "EventMachine": "mailcatcher", "Python SMTP": "aiosmtpd", "smtp4dev": "smtp4dev", "Stalwart": "stalwart",
    "Inbucket": "inbucket", "JAMES": "james", "hMailServer": "hmailserver", "SimpleEmailService": "ses",
    "gsmtp": "gmail", "SendGrid": "sendgrid", "Mailgun": "mailgun",
}  # fmt: skip
VERSION = re.compile(r"(?: (?:E?SMTP|Mail|Service|Server|Version))*[ /(]+v?(\d+(?:\.\d+)+)", re.IGNORECASE)


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`."""
    found: dict[str, Any] = {"kind": "smtp", "via": "scheme"}
    try:
        with Connection(target) as connection:
            if _at_once(target):
                connection.encrypt(hostname=target.tls != "verify-ca")
            greeting = _reply(connection, READY)
            found["via"] = "handshake"
            keywords = _keywords(connection)
            if target.tls not in ("", "disable") and not connection.verified:
                keywords = _upgrade(connection, target, keywords)
            _name(greeting[0], found)
            found["settings"] = _settings(keywords)
            connection.send(b"QUIT\r\n")
            if "value" not in found:
                found["unknown"] = "redacted"
    except Unanswered as answer:
        if "value" not in found and "unknown" not in found:
            found["unknown"] = answer.reason
    return found


def _at_once(target: Target) -> bool:
    if target.scheme == "smtp+tls" or target.tls == "disable":
        return False
    return target.port == PORT_TLS or (target.scheme in ("smtps", "smtp+ssl") and target.port not in PORTS_CLEAR)


def _upgrade(connection: Connection, target: Target, keywords: dict[str, str]) -> dict[str, str]:
    if "STARTTLS" not in keywords:
        raise Unanswered("tls-failed")
    connection.send(b"STARTTLS\r\n")
    _reply(connection, READY)
    connection.encrypt(hostname=target.tls != "verify-ca")
    return {**_keywords(connection), "STARTTLS": ""}


def _reply(connection: Connection, wanted: bytes) -> list[str]:
    """The texts of a reply's lines, whose code must be this one."""
    texts: list[str] = []
    for _ in range(LINES):
        line = connection.line()
        if line[:3] in BUSY:
            raise Unanswered("connection-refused")
        if line[:3] != wanted or line[3:4] not in (b" ", b"-", b""):
            raise Unanswered("bad-reply")
        texts.append(line[4:].decode("utf-8", "replace"))
        if line[3:4] != b"-":
            return texts
    raise Unanswered("bad-reply")


def _keywords(connection: Connection) -> dict[str, str]:
    """What the server can do: words in capitals, and what stands behind each. `AUTH=` is an old form of `AUTH `."""
    connection.send(EHLO)
    keywords: dict[str, str] = {}
    for text in _reply(connection, DONE)[1:]:
        word, _, rest = text.replace("=", " ", 1).partition(" ")
        keywords[word.upper()] = f"{keywords.get(word.upper(), '')} {rest}".strip()
    return keywords


def _name(greeting: str, found: dict[str, Any]) -> None:
    # Before the first blank stands the server's name, which may be exim.example.com.
    text = greeting.partition(" ")[2]
    for word, variant in PRODUCTS.items():
        start = text.lower().find(word.lower())
        if start >= 0:
            found["variant"] = variant
            match = VERSION.match(text, start + len(word))
            if match is not None:
                found["value"] = match[1]
            return


def _settings(keywords: dict[str, str]) -> dict[str, str]:
    settings = {"starttls": "true" if "STARTTLS" in keywords else "false"}
    settings["auth"] = " ".join(sorted(MECHANISMS.intersection(keywords.get("AUTH", "").upper().split())))
    size = keywords.get("SIZE", "")
    # RFC 1870: a number. Whatever else a server says there is no setting.
    settings["size"] = size if size.isascii() and size.isdigit() and len(size) <= SIZE_DIGITS else ""
    return {name: value for name, value in settings.items() if value}
