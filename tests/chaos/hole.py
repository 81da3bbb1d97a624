"""A road to a server on which connections can die without a word, as behind a firewall that forgot them."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress

PIECE = 65_536


class Hole:
    """Listens on `port` and passes everything on to `upstream`, a port of this machine, until it is shut."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._shut = False
        self._age = 0
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        """Nothing passes any more, and nobody is told. Connections of before are dead for good."""
        self._age += 1
        self._shut = True

    def open(self) -> None:
        """New connections pass again."""
        self._shut = False

    def close(self) -> None:
        """End everything."""
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._ends.append(near)
                if not self._shut:
                    threading.Thread(target=self._pass, args=[near, self._age], daemon=True).start()

    def _pass(self, near: socket.socket, age: int) -> None:
        with suppress(OSError):
            far = socket.create_connection(("127.0.0.1", self._upstream))
            self._ends.append(far)
            other = {near: far, far: near}
            while True:
                for end in select.select([near, far], [], [])[0]:
                    data = end.recv(PIECE)
                    if age != self._age:
                        return  # read and forgotten; neither end is closed
                    if not data:
                        other[end].shutdown(socket.SHUT_RDWR)
                        return
                    other[end].sendall(data)
