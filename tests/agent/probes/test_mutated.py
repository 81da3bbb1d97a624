"""Whatever becomes of an answer on its way, a probe gives one of its own: mutated recordings, with hypothesis."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.probes.test_hostile import ask, check

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[[Callable[[socket.socket], None]], int]

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "probes"


def answers(file: str, name: str) -> bytes:
    return b"".join(
        bytes.fromhex(one) for one in json.loads((RECORDINGS / f"{file}.json").read_text())[name]["answered"]
    )


def entry(name: bytes, value: bytes) -> bytes:
    values = b"\x31" + bytes([len(value) + 2]) + b"\x04" + bytes([len(value)]) + value
    row = b"\x04" + bytes([len(name)]) + name + values
    rows = b"\x30" + bytes([len(row)]) + row
    body = b"\x04\0\x30" + bytes([len(rows)]) + rows
    message = b"\x02\1\1\x64" + bytes([len(body)]) + body
    return b"\x30" + bytes([len(message)]) + message


# Kind, an answer as it should be, and the version that a probe reads in it.
WHOLE = {
    "mongodb": (answers("mongodb", "mongodb-enterprise"), "7.0.14"),
    "kafka": (answers("kafka", "kafka-4.1"), "4.1"),
    "cassandra": (answers("cassandra", "cassandra-5.0"), "5.0.2"),
    "nats": (b'INFO {"version":"2.9.10","jetstream":true,"max_payload":1048576}\r\n', "2.9.10"),
    "mqtt": (b"\x20\x02\0\0\x90\x04\0\1\0\0\x31\x19\0\x13$SYS/broker/versionv1.2", "1.2"),
    "smtp": (b"220 mx ESMTP Exim 4.98\r\n250-mx\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n", "4.98"),
    "ldap": (entry(b"vendorVersion", b"389-Directory/1.4.4") + b"\x30\x0c\2\1\1\x65\7\x0a\1\0\4\0\4\0", "1.4.4"),
}


def saying(data: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return behave


@pytest.mark.parametrize("kind", WHOLE)
def test_the_whole_answer_is_understood(hostile: Serve, kind: str) -> None:
    data, version = WHOLE[kind]
    answer, _ = ask(kind, hostile(saying(data)))
    check(answer)
    assert answer["value"] == version


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with a few of its bytes changed, left out or doubled, and perhaps cut."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(changed) - 1))
        changed[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3) | st.just(b"\xff") | st.just(b"\0"))
        if not changed:
            break
    return bytes(changed[: draw(st.integers(0, len(changed)) | st.just(len(changed)))])


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_mutation_breaks_a_probe(hostile: Serve, kind: str, data: st.DataObject) -> None:
    said = data.draw(mutated(WHOLE[kind][0]))
    check(ask(kind, hostile(saying(said)), deadline=2.0)[0])


@pytest.mark.parametrize("kind", WHOLE)
def test_every_cut_has_an_answer(hostile: Serve, kind: str) -> None:
    whole, version = WHOLE[kind]
    for size in range(0, len(whole), max(1, len(whole) // 60)):
        answer, _ = ask(kind, hostile(saying(whole[:size])), deadline=2.0)
        check(answer)
        assert answer.get("value", version) == version or answer["via"] == "inferred"
