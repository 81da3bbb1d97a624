"""Requests never reach the network that the server stands in, and end whatever the other side does."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from paritycheck.core.channel import Answer, ChannelError, Request
from paritycheck.core.destinations import DestinationError, destination_of, is_public
from paritycheck.services import outgoing
from paritycheck.services.outgoing import MOST_BYTES, retry_after_s, rules, send
from tests.receiver import NAME, Authority, Receiver, Said, raw_tls_server, reset, running_receiver

Names = dict[str, list[str]]
PUBLIC = "93.184.216.34"
RESOLVED: Names = {
    "public.example": [PUBLIC],
    "localhost": ["127.0.0.1", "::1"],
    "ok": [PUBLIC],
    "mixed.example": [PUBLIC, "::1"],
    "metadata.example": ["169.254.169.254"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "carrier.example": ["100.64.0.1"],
    "scoped.example": ["fe80::1%eth0"],
    "bad.example": ["0.0.0.0"],  # noqa: S104  what a resolver may answer
}
HOSTILE = (
    "http://127.0.0.1:{port}", "https://127.0.0.1:{port}", "https://127.1:{port}", "https://2130706433:{port}",
    "https://0x7f000001:{port}", "https://0177.0.0.1:{port}", "https://0x7f.1", "https://127.0.0.1", "https://[::1]",
    "https://[::1]:{port}", "https://[::ffff:127.0.0.1]", "https://[64:ff9b::7f00:1]", "https://[::7f00:1]",
    "https://[2002:7f00:1::]", "https://100.64.0.1", "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]", "https://0.0.0.0", "https://8.8.8.8", "https://localhost", "https://localhost.",
    "https://localhost.:{port}", "https://LOCALHOST", "https://[example.com]", "http://a@127.0.0.1:{port}",
    "https://a@127.0.0.1", "https://u:p@public.example", "https://ok#@127.0.0.1", "https://ok\\@127.0.0.1",
    "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "//127.0.0.1:{port}",
    "https:127.0.0.1", "https:///127.0.0.1", "https://public.example:22", "https://public.example:{port}",
    "https://public.example:0", "https://public.example:99999", "http://public.example", "https://mixed.example",
    "https://metadata.example", "https://nat64.example", "https://mapped.example", "https://carrier.example",
    "https://scoped.example", "https://bad.example", "https://public.example./",
    "https://public.example/%s" % ("a" * 10_000),
    "https://%s.example/" % ("a" * 300), "https://\uff11\uff12\uff17.0.0.1", "https://\u24dbocalhost",
    "https://127\u30020\u30020\u30021",
    "https://public.example/x\r\nHost: 127.0.0.1", "https://public.example\t/", "https://pub lic.example/",
    "https://public.example%00.evil/", "https://[fe80::1%25lo]/", "https://224.0.0.1", "https://192.0.0.8", "",
)  # fmt: skip


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every address that a socket of this process is connected to; none of them is really tried."""
    tried: list[object] = []

    def connect(_self: socket.socket, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A real listener on loopback, and who came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                came.append(address)
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], came
        ended.set()
        thread.join(5)


def post(url: str) -> Answer:
    return send(Request("POST", url, b"{}"), rules())


def reason(url: str) -> str:
    with pytest.raises(ChannelError) as caught:
        post(url)
    return caught.value.reason


def test_there_are_at_least_forty_hostile_urls() -> None:
    assert len(set(HOSTILE)) >= 40


@pytest.mark.parametrize("url", HOSTILE)
def test_no_hostile_url_makes_a_connection(url: str, names: Names, connections: list[object]) -> None:
    names.update(RESOLVED)
    with pytest.raises(ChannelError) as caught:
        post(url.format(port=4443))
    assert caught.value.permanent or caught.value.reason == "name not found"
    assert connections == []


def test_a_real_listener_on_loopback_sees_nothing_of_them(names: Names, listener: tuple[int, list[object]]) -> None:
    names.update(RESOLVED)
    port, came = listener
    for url in HOSTILE:
        with pytest.raises(ChannelError):
            post(url.format(port=port))
    with socket.create_connection(("127.0.0.1", port)):
        deadline = time.monotonic() + 5
        while not came and time.monotonic() < deadline:
            time.sleep(0.02)
    assert len(came) == 1, "the listener was listening, and only the test came"


def test_a_resolver_that_changes_its_answer_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, connections: list[object]
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    monkeypatch.setattr(outgoing, "resolve", lambda _host, _port: next(answers))
    assert reason("https://rebinding.example/x") == "connection refused"
    assert connections == [(PUBLIC, 443)]
    assert next(answers) == ["127.0.0.1"]


def test_a_redirect_to_the_metadata_service_is_not_followed(receiver: Receiver) -> None:
    receiver.says = lambda _: Said(302, headers=(("Location", "http://169.254.169.254/latest/meta-data/"),))
    assert post(receiver.url()).status == 302
    assert len(receiver.requests) == 1


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(outgoing, "RESOLVE_S", 0.2)

    def hang(_host: str, _port: int) -> list[str]:
        held.wait(20)
        return [PUBLIC]

    monkeypatch.setattr(outgoing, "resolve", hang)
    assert reason("https://slow.example/") == "the name was not resolved in time"
    held.set()


@pytest.mark.parametrize(
    "address",
    ["100.64.0.1", "224.0.0.1", "64:ff9b::a9fe:a9fe", "::7f00:1", "192.0.0.8", "2002:7f00:1::", "::ffff:10.0.0.1",
     "fd00:ec2::254", "2001::1", "fec0::1", "64:ff9b:1::1", "192.88.99.1", "198.18.0.1", "240.0.0.1", "ff02::1"],
)  # fmt: skip
def test_addresses_that_the_standard_library_lets_through_are_denied(address: str) -> None:
    from ipaddress import ip_address

    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses_are_not_denied(address: str) -> None:
    from ipaddress import ip_address

    assert is_public(ip_address(address))


@given(st.text(max_size=80))
def test_any_text_is_a_destination_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://public.example/{text}"):
        try:
            place = destination_of(url)
        except DestinationError:
            continue
        assert place.usual
        assert place.host.isascii()
        assert place.target.isascii()
        assert place.target.isprintable()


def test_networks_of_ones_own_may_be_reached_at_any_port_and_by_http(
    settings: Settings, names: Names, authority: Authority
) -> None:
    names["mixed.example"] = [PUBLIC, "127.0.0.1"]
    settings.WEBHOOK_ALLOW_CIDRS, settings.WEBHOOK_CA_FILE = ["127.0.0.0/8"], authority.file
    with running_receiver(None) as plain:
        url = f"http://{NAME}:{plain.port}/in"
        assert post(url).status == 200
        assert post(f"http://127.0.0.1:{plain.port}/in").status == 200
        # One address outside is enough: of a name with both, plain HTTP might go out into the world.
        assert reason(f"http://mixed.example:{plain.port}/in") == "the host leads to an address that nothing is sent to"
    assert reason("https://[::1]:4430/") == "the host leads to an address that nothing is sent to"
    assert [request.headers["host"] for request in plain.requests] == [
        f"{NAME}:{plain.port}",
        f"127.0.0.1:{plain.port}",
    ]


def test_the_request_is_what_was_given_and_asks_for_no_compression(receiver: Receiver) -> None:
    url = receiver.url("/in?a=1")
    answer = send(Request("PATCH", url, b'{"a":1}', {"Content-Type": "application/json", "X-Own": "1"}), rules())
    (request,) = receiver.requests
    assert (answer.status, answer.body, answer.ok) == (200, b"ok", True)
    assert (request.method, request.path, request.body) == ("PATCH", "/in?a=1", b'{"a":1}')
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["host"] == f"{NAME}:{receiver.port}"
    assert request.headers["x-own"] == "1"


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(receiver.url()).ok


def test_certificates_are_verified(
    reachable: None, authority: Authority, tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    del reachable
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    for context in (stranger.context(NAME), authority.context("other.test")):
        with running_receiver(context) as wrong:
            assert reason(wrong.url("/secret")) == "the certificate is not trusted"
            assert wrong.requests == []
    with running_receiver(None) as plain:
        assert reason(plain.url()) == "TLS failed"
    with running_receiver(authority.context(NAME)) as good:
        settings.WEBHOOK_CA_FILE = ""
        assert reason(good.url()) == "the certificate is not trusted"


def test_old_tls_is_not_spoken(reachable: None, authority: Authority) -> None:
    del reachable
    context = authority.context(NAME)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
    with running_receiver(context) as receiver:
        assert post(receiver.url()).ok
    assert outgoing._context("").minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_connection_that_is_reset_or_closed(reachable: None, authority: Authority) -> None:
    del reachable
    with raw_tls_server(authority.context(NAME), reset) as port:
        assert reason(f"https://{NAME}:{port}/") == "connection lost"
    with raw_tls_server(authority.context(NAME), lambda _: None) as port:
        assert reason(f"https://{NAME}:{port}/") == "connection lost"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert reason(f"https://{NAME}:{port}/") == "connection refused"


def test_what_is_no_http_is_said_to_be_none(reachable: None, authority: Authority) -> None:
    del reachable
    with raw_tls_server(authority.context(NAME), lambda secured: secured.sendall(b"SSH-2.0-x\r\n\r\n")) as port:
        assert reason(f"https://{NAME}:{port}/") == "the answer is no HTTP"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["of the head", "of the body"])
def test_a_slow_drip_is_cut_at_the_deadline(
    reachable: None, authority: Authority, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """No single wait is long: a timeout of the socket alone would never end it."""
    del reachable
    monkeypatch.setattr(outgoing, "TOTAL_S", 1.0)
    ended = threading.Event()

    def drip(secured: socket.socket) -> None:
        secured.sendall(head)
        while not ended.wait(0.1):
            secured.sendall(b"H")

    with raw_tls_server(authority.context(NAME), drip) as port:
        assert reason(f"https://{NAME}:{port}/") == "no whole answer in time"
        ended.set()


def test_a_handshake_that_drips_is_cut_too(reachable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del reachable
    monkeypatch.setattr(outgoing, "TOTAL_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert reason(f"https://{NAME}:{server.getsockname()[1]}/") in {"no whole answer in time", "no answer in time"}


def test_a_body_without_end_is_read_no_further_than_its_bound(reachable: None, authority: Authority) -> None:
    del reachable
    written = [0]

    def pour(secured: socket.socket) -> None:
        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        for _ in range(16_384):
            secured.sendall(b"x" * 65_536)
            written[0] += 65_536

    with raw_tls_server(authority.context(NAME), pour) as port:
        answer = post(f"https://{NAME}:{port}/")
    assert (answer.status, len(answer.body)) == (200, MOST_BYTES)
    assert written[0] < 32 * 1024 * 1024, "what the sockets hold, not the gigabyte"


def test_all_requests_of_a_delivery_share_a_deadline(receiver: Receiver) -> None:
    given = rules(within_s=-1)
    with pytest.raises(ChannelError, match="in time"):
        send(Request("POST", receiver.url(), b""), given)
    assert receiver.requests == []


def test_retry_after_is_seconds_or_a_date_and_an_hour_at_most() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for said, expected in (
        ("120", 120), (" 7 ", 7), ("999999999999", 3600), ("Mon, 23 Nov 2026 09:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0), ("Mon, 23 Nov 2099 08:00:00 GMT", 3600), ("soon", None), ("-5", None),
        ("", None), (None, None), ("Mon, 99 Nov 2026 09:02:00 GMT", None), ("Mon, 23 Nov 2026 09:02:00", None),
    ):  # fmt: skip
        assert retry_after_s(said, now) == expected, said
