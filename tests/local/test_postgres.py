"""The embedded server: who starts it, who stops it, and what it leaves alone."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from paritycheck.local import layout as layouts
from paritycheck.local.clean import clean
from paritycheck.local.errors import LocalError
from paritycheck.local.postgres import Embedded

pytestmark = pytest.mark.e2e

FAST = {"fsync": "off"}
# Uses the server until its standard input ends.
USER = """
import sys
from pathlib import Path
from paritycheck.local.postgres import Embedded
with Embedded(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "data directory"  # with a blank: the socket has to go elsewhere
    yield path
    if path.exists():
        layouts.remove(layouts.layout(path))


def start_user(directory: Path) -> "subprocess.Popen[str]":
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    assert user.stdout.readline().startswith("postgres:///paritycheck?host=/")
    return user


def end_user(user: "subprocess.Popen[str]") -> None:
    user.communicate(timeout=30)
    assert user.returncode == 0


def postmaster(directory: Path) -> int:
    """The process id of the server; 0 when it is down."""
    try:
        return int((layouts.layout(directory).data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    except FileNotFoundError:
        return 0


def down(directory: Path, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while postmaster(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not postmaster(directory)


def test_it_serves_its_url_and_stops_with_its_last_user(directory: Path) -> None:
    with Embedded(directory, settings=FAST) as server:
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT current_database(), current_setting('listen_addresses')").fetchone()
        assert row == ("paritycheck", "")
        assert postmaster(directory)
    assert not postmaster(directory)


def test_a_second_user_finds_the_server_and_keeps_it_running(directory: Path) -> None:
    first, second = start_user(directory), start_user(directory)
    pid = postmaster(directory)
    end_user(first)
    assert postmaster(directory) == pid
    end_user(second)
    assert not postmaster(directory)


def test_what_was_written_is_there_the_next_time(directory: Path) -> None:
    with Embedded(directory) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with Embedded(directory) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_it_stops_when_its_user_is_killed_outright(directory: Path) -> None:
    user = start_user(directory)
    user.kill()
    user.communicate()
    assert down(directory)


def test_a_killed_keeper_takes_the_server_along_and_is_replaced(directory: Path) -> None:
    with Embedded(directory, settings=FAST) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        keeper = int(Path(f"/proc/{postmaster(directory)}/stat").read_text(encoding="utf-8").rsplit(")")[1].split()[1])
        os.kill(keeper, signal.SIGKILL)
        assert down(directory)
        server.tend()
        server.open()
        assert postmaster(directory)


def test_a_temporary_server_leaves_no_directory(tmp_path: Path) -> None:
    server = Embedded(tmp_path / "data", settings=FAST, temporary=True)
    server.open()
    server.close()
    assert not (tmp_path / "data").exists()
    assert not server.paths.place.exists()


def test_its_processes_hold_no_secret_of_the_caller(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-of-the-caller")
    with Embedded(directory, settings=FAST):
        environ = Path(f"/proc/{postmaster(directory)}/environ").read_bytes()
    assert b"canary" not in environ


def test_a_server_that_cannot_start_says_what_its_log_says(directory: Path) -> None:
    server = Embedded(directory, settings={"shared_buffers": "nonsense"})
    with pytest.raises(LocalError, match="shared_buffers"):
        server.open()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as another user")
class TestAsRoot:
    def test_the_server_runs_as_nobody_and_no_mode_changes(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        private = tmp_path / "private"
        private.mkdir(mode=0o700)
        with Embedded(private / "data", settings=FAST) as server:
            owner = Path(f"/proc/{postmaster(private / 'data')}").stat().st_uid
            assert server.paths.account is not None
            assert owner == server.paths.account.uid
            assert stat.S_IMODE(server.paths.data.stat().st_mode) == 0o700
            assert stat.S_IMODE(server.paths.place.stat().st_mode) == 0o755
        assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, private)] == [0o700, 0o700]
        layouts.remove(server.paths)

    def test_a_place_that_somebody_else_made_is_refused(self, tmp_path: Path) -> None:
        paths = layouts.layout(tmp_path / "data")
        layouts.prepare(paths)
        place = paths.place
        os.chown(place, 65534, 65534)
        with pytest.raises(LocalError, match=r"not a directory of mode 0755"):
            layouts.prepare(paths)
        os.chown(place, 0, 0)
        place.chmod(0o777)
        with pytest.raises(LocalError):
            layouts.prepare(paths)
        place.chmod(0o755)
        layouts.remove(layouts.layout(tmp_path / "data"))

    def test_a_directory_made_anew_does_not_take_an_old_database(self, tmp_path: Path) -> None:
        with Embedded(tmp_path / "data", settings=FAST):
            pass
        shutil.rmtree(tmp_path / "data")
        with pytest.raises(LocalError, match=r"is gone\. To begin anew, run: .+ -m paritycheck\.local\.clean /"):
            Embedded(tmp_path / "data")
        clean(tmp_path / "data")
        Embedded(tmp_path / "data")
        clean(tmp_path / "data")

    def test_a_moved_directory_finds_its_database_again(self, tmp_path: Path) -> None:
        with Embedded(tmp_path / "old", settings=FAST):
            pass
        (tmp_path / "old").rename(tmp_path / "new")
        with pytest.raises(LocalError, match=r"Run: mv /var/tmp/paritycheck-[0-9a-f]{12} /var") as raised:
            Embedded(tmp_path / "new")
        source, target = str(raised.value).split("Run: mv ")[1].split()
        shutil.move(source, target)
        with Embedded(tmp_path / "new", settings=FAST):
            assert postmaster(tmp_path / "new")
        clean(tmp_path / "new")
