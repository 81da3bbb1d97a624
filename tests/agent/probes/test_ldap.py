"""OpenLDAP is asked live, in clear text and in TLS. What other servers say of themselves it says in their place, for
its `rootDSE` option adds to the root entry what a file holds; the values are those of the servers' own entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.probes import ldap
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import USER, found, free_port, listens, open_directory, running, unprivileged

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[socket.socket], None]], int]

CONFIGURATION = """\
include /etc/ldap/schema/core.schema
pidfile {directory}/{name}.pid
TLSCertificateFile {certificates}/localhost.pem
TLSCertificateKeyFile {certificates}/localhost.key
{more}
"""
# What vendors put into their root entries; OpenLDAP knows the two attributes and shows them.
VENDORS = [
    ("389 Project", "389-Directory/1.4.4.19 B2022.313.1200", "389ds", "1.4.4.19"),
    ("LLDAP", "lldap_0.6.1", "lldap", "0.6.1"),
    ("Samba Team (https://www.samba.org)", None, "samba", None),
    ("Apache Software Foundation", "2.0.0.AM27", "apacheds", "2.0.0"),
]


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("AUTH_LDAP_SERVER_URI", url)
    assert target is not None
    return ldap.probe(target)


@pytest.fixture(scope="module")
def serve(authority: Any) -> Iterator[Callable[..., Any]]:
    """`serve(name, *lines)`: a slapd with these lines in its configuration, and its ports."""
    server = found("slapd", "slapd")
    with open_directory() as directory:
        yield lambda name, *lines: slapd(server, directory, authority, name, *lines)


def slapd(server: str, directory: Path, authority: Any, name: str, *lines: str) -> Any:
    path = directory / f"{name}.conf"
    more = "\n".join(lines)
    path.write_text(CONFIGURATION.format(directory=directory, name=name, certificates=authority.directory, more=more))
    plain, encrypted = free_port(), free_port()
    socket = str(directory / name).replace("/", "%2F")
    where = f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{encrypted}/ ldapi://{socket}"
    user = ("-u", USER) if unprivileged() else ()
    command = (server, "-d", "0", "-f", str(path), "-h", where, *user)
    return plain, encrypted, directory / name, running(command, listens(encrypted))


@pytest.fixture(scope="module")
def plain(serve: Callable[..., Any]) -> Iterator[Any]:
    *ports, process = serve("plain")
    with process:
        yield ports


@pytest.mark.e2e
def test_openldap_names_itself_and_not_its_version(plain: Any) -> None:
    answer = ask(f"ldap://cn=admin:x@127.0.0.1:{plain[0]}")
    assert (answer["kind"], answer["variant"], answer["via"]) == ("ldap", "openldap", "handshake")
    assert (answer["unknown"], "value" in answer) == ("redacted", False)
    assert int(answer["settings"]["controls"]) > 5
    assert answer["settings"]["starttls"] == "true"


@pytest.mark.e2e
def test_a_socket_is_as_good_as_a_port(plain: Any) -> None:
    assert ask(f"ldapi://{str(plain[2]).replace('/', '%2F')}")["variant"] == "openldap"


@pytest.mark.e2e
def test_tls_is_verified(plain: Any, authority: Any) -> None:
    assert ask(f"ldaps://localhost:{plain[1]}?cafile={authority.certificate}")["variant"] == "openldap"
    refused = {"kind": "ldap", "unknown": "tls-failed", "via": "scheme"}
    assert ask(f"ldaps://localhost:{plain[1]}") == refused
    assert ask(f"ldaps://127.0.0.1:{plain[1]}?cafile={authority.certificate}") == refused
    assert ask(f"ldap://localhost:{plain[1]}")["unknown"] in {"bad-reply", "timeout"}


@pytest.mark.e2e
@pytest.mark.parametrize(("vendor", "told", "variant", "value"), VENDORS, ids=[row[2] for row in VENDORS])
def test_a_vendor_that_tells_its_version_is_believed(
    serve: Callable[..., Any], vendor: str, told: str | None, variant: str, value: str | None
) -> None:
    with open_directory() as directory:
        version = f"vendorVersion: {told}\n" if told else ""
        (directory / "root.ldif").write_text(f"dn:\nvendorName: {vendor}\n{version}")
        *ports, process = serve(variant, f"rootDSE {directory}/root.ldif")
        with process:
            answer = ask(f"ldap://127.0.0.1:{ports[0]}")
    assert (answer["variant"], answer.get("value")) == (variant, value)
    assert answer.get("unknown") == (None if value else "redacted")


@pytest.mark.e2e
def test_a_server_that_wants_a_log_in_first_has_its_reason(serve: Callable[..., Any]) -> None:
    *ports, process = serve("closed", "require bind")
    with process:
        answer = ask(f"ldap://127.0.0.1:{ports[0]}")
    assert answer == {"kind": "ldap", "unknown": "auth-required", "via": "handshake"}


@pytest.mark.e2e
def test_a_server_that_shows_nothing_has_its_reason(serve: Callable[..., Any]) -> None:
    *ports, process = serve("hidden", 'access to dn.base="" by * none')
    with process:
        answer = ask(f"ldap://127.0.0.1:{ports[0]}")
    assert answer == {"kind": "ldap", "unknown": "no-permission", "via": "handshake"}


def tlv(kind: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return bytes([kind, 0x84]) + len(data).to_bytes(4, "big") + data


def entry(**attributes: list[bytes]) -> bytes:
    """A root entry as Active Directory writes it: every length in four bytes."""
    rows = [
        tlv(0x30, tlv(0x04, name.encode()), tlv(0x31, *(tlv(0x04, value) for value in values)))
        for name, values in attributes.items()
    ]
    return tlv(0x30, tlv(0x02, b"\1"), tlv(0x64, tlv(0x04, b""), tlv(0x30, *rows)))


def done(code: int) -> bytes:
    return tlv(0x30, tlv(0x02, b"\1"), tlv(0x65, tlv(0x0A, bytes([code])), tlv(0x04, b""), tlv(0x04, b"")))


def test_active_directory_is_known_by_its_level(hostile: Serve) -> None:
    root = entry(
        domainControllerFunctionality=[b"7"],
        supportedControl=[b"1.2.840.113556.1.4.319", b"1.2.840.113556.1.4.801"],
        supportedSASLMechanisms=[b"GSSAPI", b"GSS-SPNEGO", b"EXTERNAL", b"DIGEST-MD5"],
    )
    answer = ask(f"ldap://127.0.0.1:{hostile(lambda connection: connection.sendall(root + done(0)))}")
    assert (answer["variant"], answer["unknown"]) == ("active-directory", "redacted")
    assert answer["settings"] == {
        "controls": "2",
        "starttls": "false",
        "sasl": "DIGEST-MD5 EXTERNAL GSS-SPNEGO GSSAPI",
        "functionality": "7",
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (done(51), "connection-refused"),
        (done(2), "bad-reply"),
        (tlv(0x30, tlv(0x02, b"\0"), tlv(0x78, b"")), "connection-refused"),
        (tlv(0x30, tlv(0x02, b"\1"), tlv(0x61, b"")), "bad-reply"),
        (b"\x30\x85\0\0\0\0\1", "bad-reply"),
        (b"\x30\x80", "bad-reply"),
        (tlv(0x30, b"\x02\x82\xff"), "bad-reply"),
        (entry(vendorVersion=[]) * 30, "bad-reply"),
    ],
    ids=["busy", "protocol error", "notice", "another answer", "long length", "endless form", "cut", "entries"],
)
def test_an_answer_that_is_none_has_its_reason(hostile: Serve, data: bytes, reason: str) -> None:
    answer = ask(f"ldap://127.0.0.1:{hostile(lambda connection: connection.sendall(data))}")
    assert answer["unknown"] == reason
    assert "value" not in answer
