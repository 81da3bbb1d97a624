"""A taken port is found before anything is started."""

import socket
from collections.abc import Iterator

import pytest

from paritycheck.local import ports
from paritycheck.local.errors import LocalError


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_taken_and_another_one_is_found(listening: int) -> None:
    assert ports.taken("127.0.0.1", listening)
    free = ports.next_free("127.0.0.1", listening)
    assert free is not None
    assert listening < free <= listening + 100
    assert not ports.taken("127.0.0.1", free)


@pytest.mark.parametrize("address", ["203.0.113.7", "no such address"])
def test_an_address_of_another_machine_is_an_error_in_words(address: str) -> None:
    with pytest.raises(LocalError, match="Use --bind"):
        ports.taken(address, 8000)
