"""A real Docker engine on a private socket, a registry for it to pull from, and a proxy that denies inspecting.

The engine has no bridge and touches no rule of the firewall; containers have no network. Their image is a busybox with
scripts that are called as servers are.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import tarfile
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
START_S = 60.0
STOP_S = 30.0
REVISION = "0123456789abcdef0123456789abcdef01234567"
PROGRAMS = ("gunicorn", "celery", "shop", "postgres")


def found(name: str, package: str) -> str:
    """A program's path, or a skip that names its Debian package."""
    path = shutil.which(name, path=PATH)
    if path is None:
        pytest.skip(f"{name} is not here. Install it with: apt-get install {package}")
    return path


class Engine:
    """`host` is what DOCKER_HOST names; `api` the SDK's own client, for the tests to make containers with."""

    def __init__(self, host: str, api: Any) -> None:
        self.host = host
        self.api = api
        self.digest = ""
        self.image = ""

    def start(self, name: str, command: list[str], *, labels: Mapping[str, str], **more: Any) -> str:
        """A container that was started, without a network."""
        host = {key: more.pop(key) for key in ("restart_policy", "log_config") if key in more}
        config = self.api.create_host_config(network_mode="none", **host)
        image = more.pop("image", self.image)
        made = self.api.create_container(image, command, name=name, labels=labels, host_config=config, **more)
        self.api.start(made["Id"])
        return str(made["Id"])


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine with one image, `shop`, pulled from a registry so that it has a digest."""
    import docker

    if os.geteuid() != 0:
        pytest.skip("an engine of one's own needs root")
    program, busybox = found("dockerd", "docker.io"), found("busybox", "busybox-static")
    with tempfile.TemporaryDirectory(prefix="pd-") as folder, _daemon(program, Path(folder)) as host:
        client = docker.from_env(environment={"DOCKER_HOST": host}, timeout=60)
        made = Engine(host, client.api)
        with _registry(busybox) as address:
            made.api.pull(f"{address}/acme/shop", tag="1")
            made.image = f"{address}/acme/shop:1"
        made.digest = made.api.inspect_image(made.image)["RepoDigests"][0].partition("@")[2]
        made.api.tag(made.image, "postgres", "16.9-alpine")
        try:
            yield made
        finally:
            for container in made.api.containers(all=True):
                made.api.remove_container(container["Id"], force=True)
            client.close()


@contextmanager
def _daemon(program: str, folder: Path) -> Iterator[str]:
    host = f"unix://{folder}/docker.sock"
    options = ["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--storage-driver=vfs"]
    places = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid", f"--host={host}"]
    with (folder / "log").open("wb") as log:
        environ = {**os.environ, "PATH": PATH}
        process = subprocess.Popen([program, *options, *places], stdout=log, stderr=log, env=environ)
        try:
            end = time.monotonic() + START_S
            while not _answers(folder / "docker.sock"):
                if process.poll() is not None or time.monotonic() > end:
                    pytest.skip(f"no engine starts here: {(folder / 'log').read_text()[-300:]}")
                time.sleep(0.05)
            yield host
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_S)


def _answers(path: Path) -> bool:
    with suppress(OSError):
        return _get(str(path), "/_ping")[0] == 200
    return False


class _Connection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.host)


def _get(path: str, target: str) -> tuple[int, bytes]:
    connection = _Connection(path)
    try:
        connection.request("GET", target, headers={"Host": "docker"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# A registry


def _layer(busybox: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(busybox, "bin/busybox")
        for name in ("sh", "sleep", "trap"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        for name in PROGRAMS:
            script = b'#!/bin/sh\ncase "$1" in --fail*) exit 3;; esac\nexec sleep 1000\n'
            program = tarfile.TarInfo(f"bin/{name}")
            program.size, program.mode = len(script), 0o755
            archive.addfile(program, io.BytesIO(script))
    return data.getvalue()


def _blobs(busybox: str) -> tuple[bytes, dict[str, bytes]]:
    """The manifest, and by digest what it names (OCI image specification, in Docker's media types)."""
    layer = _layer(busybox)
    packed = gzip.compress(layer, 1)
    labels = {
        "org.opencontainers.image.revision": REVISION,
        "org.opencontainers.image.source": "https://git.example/a/shop",
    }
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        "config": {"Env": ["PATH=/bin", "BAKED=canary-baked"], "Labels": labels, "ExposedPorts": {"8000/tcp": {}}},
    }).encode()  # fmt: skip
    kinds = "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"
    config_part, layer_part = (
        {"mediaType": kind, "size": len(data), "digest": _digest(data)}
        for kind, data in zip(kinds, (config, packed), strict=True)
    )
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config_part, "layers": [layer_part]}
    return json.dumps(manifest).encode(), {_digest(config): config, _digest(packed): packed}


MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class _Registry(BaseHTTPRequestHandler):
    manifest: ClassVar[bytes]
    blobs: ClassVar[dict[str, bytes]]

    def _answer(self) -> None:
        last = self.path.rpartition("/")[2]
        data, kind = self.blobs.get(last, b""), "application/octet-stream"
        if "/manifests/" in self.path:
            data, kind = self.manifest, MANIFEST
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", _digest(data))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_GET = do_HEAD = _answer  # noqa: N815 - the names that http.server calls

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@contextmanager
def _registry(busybox: str) -> Iterator[str]:
    manifest, blobs = _blobs(busybox)
    handler = type("Bound", (_Registry,), {"manifest": manifest, "blobs": blobs})
    server = HTTPServer(("127.0.0.1", 0), handler)
    with _serving(server):
        yield f"127.0.0.1:{server.server_address[1]}"


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# A proxy


class Proxy:
    """What a socket proxy lets through that knows of version, images and containers only; `asked` is what came."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.asked: list[str] = []
        self.denied: list[str] = []


class _Denying(BaseHTTPRequestHandler):
    engine: ClassVar[str]
    proxy: ClassVar[Proxy]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        parts = [part for part in path.split("/") if part]
        if parts[:1] and parts[0][:2] == "v1":
            del parts[0]
        allowed = parts in (["version"], ["_ping"], ["images", "json"], ["containers", "json"])
        self.proxy.asked.append("/".join(parts))
        if not allowed:
            self.proxy.denied.append("/".join(parts))
        status, data = _get(self.engine, self.path) if allowed else (403, b'{"message": "canary-of-the-proxy"}')
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @override
    def address_string(self) -> str:
        return "socket"

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@pytest.fixture
def denying(engine: Engine) -> Iterator[Proxy]:
    """A proxy before the engine that lets nothing be inspected."""
    with tempfile.TemporaryDirectory(prefix="pp-") as folder:
        proxy = Proxy(f"unix://{folder}/docker.sock")
        handler = type("Bound", (_Denying,), {"engine": engine.host.removeprefix("unix://"), "proxy": proxy})
        with _serving(_UnixServer(f"{folder}/docker.sock", handler)):
            yield proxy
