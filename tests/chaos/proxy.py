"""The shipped nginx in front of two web processes of a stand, one of which may be away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from tests.chaos.callers import get
from tests.chaos.stand import ROOT, free_port

if TYPE_CHECKING:
    from tests.chaos.stand import Stand

SHIPPED = ROOT / "compose" / "nginx" / "nginx.conf"
UP_S = 60


class Proxy:
    """What can be asked of the other one is; a report that was passed on is not sent twice, its agent does that."""

    def __init__(self, stand: Stand) -> None:
        self._stand, self._place = stand, stand.place / "proxy"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
        assert program, "nginx is not here. Install it with: apt-get install nginx"
        self._place.mkdir()
        (self._place / "nginx.conf").write_text(self._configuration())
        command = [program, "-c", str(self._place / "nginx.conf"), "-g", "daemon off; user root;"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ready = self._stand.until(lambda: get(f"{self.url}/readyz")[0] == HTTPStatus.OK, UP_S)
        assert ready, "nginx does not come up"
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def _configuration(self) -> str:
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in self._stand.ports.values())
        text = SHIPPED.read_text().replace("server web:8000;", servers)
        text = text.replace("listen 8080", f"listen 127.0.0.1:{self._port}")
        text = text.replace("/dev/stdout", str(self._place / "log")).replace("/dev/stderr", str(self._place / "errors"))
        text = text.replace("proxy_next_upstream off;", "proxy_next_upstream error;")
        assert servers in text
        assert "proxy_next_upstream error;" in text
        return re.sub(r"/\w+/(?=nginx)", f"{self._place}/", text)
