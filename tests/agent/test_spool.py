"""Reports that could not be sent: kept whole, bounded, in order (faults.md, F14 and F15)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent import spool
from paritycheck_agent.cli import main
from paritycheck_agent.spool import Entry, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.agent.conftest import Wire


def entry(seq: int, state: str = "") -> Entry:
    report: dict[str, Any] = {"seq": seq, "report_id": str(seq), "sections": {"s": state or str(seq)}}
    return Entry(report, {"sha256:aa": f"body {seq} ü".encode()}, b"[project]\n")


def now() -> int:
    return time.time_ns() // 1_000_000


def reports(kept: Spool) -> list[int]:
    entries = [kept.read(path) for path in kept.waiting()]
    return [found.report["seq"] for found in entries if found]


def test_reports_come_back_whole_and_in_order(tmp_path: Path) -> None:
    kept, base = Spool(str(tmp_path)), now()
    for seq in (base + 2, base, base + 1):
        assert kept.keep(entry(seq))
    assert reports(kept) == [base, base + 1, base + 2]
    first = kept.read(kept.waiting()[0])
    assert first is not None
    assert first.bodies == {"sha256:aa": f"body {base} ü".encode()}
    assert first.policy == b"[project]\n"


def test_of_an_unchanged_state_only_the_last_report_is_kept(tmp_path: Path) -> None:
    kept, base = Spool(str(tmp_path)), now()
    for seq in range(base, base + 50):
        kept.keep(entry(seq, state="same"))
    kept.keep(entry(base + 60, state="other"))
    assert reports(kept) == [base + 49, base + 60]
    assert kept.dropped == 0


def test_beyond_the_number_the_oldest_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_REPORTS", 3)
    kept, base = Spool(str(tmp_path)), now()
    for seq in range(base, base + 5):
        kept.keep(entry(seq))
    assert reports(kept) == [base + 2, base + 3, base + 4]
    assert kept.dropped == 2


def test_beyond_the_bytes_the_oldest_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_BYTES", 1_000)
    kept, base = Spool(str(tmp_path)), now()
    for seq in range(base, base + 20):
        kept.keep(entry(seq))
    assert reports(kept)[-1] == base + 19
    assert sum(Path(path).stat().st_size for path in kept.waiting()) <= 1_300


def test_after_a_week_a_report_is_dropped_and_counted(tmp_path: Path) -> None:
    kept = Spool(str(tmp_path))
    kept.keep(entry(now() - (spool.MOST_AGE_S + 60) * 1000))
    kept.keep(entry(now()))
    assert len(kept.waiting()) == 1
    assert kept.dropped == 1


@pytest.mark.parametrize("place", [0, 70, 100, -2])
def test_one_flipped_byte_puts_a_file_aside_and_the_rest_goes_on(tmp_path: Path, place: int) -> None:
    kept, base = Spool(str(tmp_path)), now()
    for seq in (base, base + 1):
        kept.keep(entry(seq))
    path = Path(kept.waiting()[0])
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert reports(kept) == [base + 1]
    assert len(list((tmp_path / "rejected").iterdir())) == 1


@pytest.mark.parametrize("data", [b"", b"\n", b"x", b"{}", b"\xff" * 100])
def test_a_torn_file_is_put_aside(tmp_path: Path, data: bytes) -> None:
    kept = Spool(str(tmp_path))
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / f"{now():020}.report").write_bytes(data)
    assert reports(kept) == []
    assert kept.waiting() == []


def test_at_most_twenty_rejected_files_stay(tmp_path: Path) -> None:
    kept, base = Spool(str(tmp_path)), now()
    for seq in range(base, base + 25):
        kept.keep(entry(seq))
        kept.reject(kept.waiting()[-1])
    names = sorted(path.name for path in (tmp_path / "rejected").iterdir())
    assert len(names) == 20
    assert names[-1].startswith(f"{base + 24:020}")


def test_on_a_full_disk_the_newest_is_kept_and_the_rest_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk with room for two files: fsync says so, as it does on a real one."""
    kept, base = Spool(str(tmp_path)), now()
    real = os.fsync

    def full(handle: int) -> None:
        if len(list((tmp_path / "spool").iterdir())) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    for seq in range(base, base + 6):
        assert kept.keep(entry(seq))
    assert reports(kept)[-1] == base + 5
    assert kept.dropped == 6 - len(reports(kept))
    assert not list((tmp_path / "spool").glob("*.tmp"))


def test_where_nothing_can_be_written_it_says_so_and_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Spool(str(tmp_path / "file"))
    assert not kept.keep(entry(now()))
    assert kept.dropped == 1
    assert kept.waiting() == []


KILLED = """
import sys, time
from paritycheck_agent.spool import Entry, Spool
kept, seq = Spool(sys.argv[1]), time.time_ns() // 1_000_000
print("ready", flush=True)
for number in range(100_000):
    kept.keep(Entry({"seq": seq + number, "n": number}, {"sha256:a": b"x" * 20_000}, None))
    print(seq + number, flush=True)
"""


@pytest.mark.e2e
def test_killed_while_writing_it_leaves_only_whole_reports_and_the_last_one_told(tmp_path: Path, agents: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(agents)}
    for delay in (0.05, 0.11, 0.23):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env=environ, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        told = [int(row) for row in process.communicate()[0].splitlines() if len(row) == 13]
        kept = Spool(str(tmp_path))
        assert len(reports(kept)) == len(kept.waiting())
        assert reports(kept)[-1] >= told[-1]
        assert not (tmp_path / "rejected").exists()


def test_its_files_are_for_their_owner_only(tmp_path: Path) -> None:
    kept = Spool(str(tmp_path))
    kept.keep(entry(now()))
    assert Path(kept.waiting()[0]).stat().st_mode & 0o077 == 0
    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0


def test_where_nothing_may_be_written_any_more_nothing_kept_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that turned read-only: dropping what is older would not help, and cannot be done."""
    kept, base = Spool(str(tmp_path)), now()
    for seq in (base, base + 1):
        kept.keep(entry(seq))

    def read_only(path: str, *_rest: object, **_named: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", path)

    for name in ("open", "unlink", "replace", "makedirs"):
        monkeypatch.setattr(os, name, read_only)
    assert not kept.keep(entry(base + 2))
    assert kept.lost() == 1
    monkeypatch.undo()
    assert reports(kept) == [base, base + 1]


def test_a_full_disk_whose_files_cannot_be_removed_is_no_endless_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, base = Spool(str(tmp_path)), now()
    kept.keep(entry(base))

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def forbidden(path: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", path)

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(os, "unlink", forbidden)
    assert not kept.keep(entry(base + 1))
    assert kept.lost() == 1


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path: Path) -> None:
    kept = Spool(str(tmp_path))
    kept.keep(entry(now()))
    torn = tmp_path / "spool" / f"{now():020}.report.4711.tmp"
    torn.write_bytes(b"half a rep")
    kept.keep(entry(now() + 1))
    assert not torn.exists()
    assert len(reports(kept)) == 2


def test_why_a_file_was_put_aside_is_kept_as_long_as_the_file(tmp_path: Path) -> None:
    kept, base = Spool(str(tmp_path)), now()
    for seq in range(base, base + 25):
        kept.keep(entry(seq))
        kept.reject(kept.waiting()[-1], f"422 invalid-report {seq}")
    assert list(kept.why().values()) == [f"422 invalid-report {seq}" for seq in range(base + 5, base + 25)]
    assert not kept.names()


@pytest.mark.parametrize("text", ["", "[]", "{", "3", '{"x": "[' * 1000])
def test_reasons_that_cannot_be_read_are_not_known(tmp_path: Path, text: str) -> None:
    kept = Spool(str(tmp_path))
    kept.keep(entry(now()))
    kept.reject(kept.waiting()[0], "a reason")
    (tmp_path / "rejected.json").write_text(text)
    assert list(kept.why().values()) == [""]


@given(st.binary(max_size=400))
def test_whatever_lies_in_the_spool_never_fails_a_run(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "spool").mkdir()
        honest = hashlib.sha256(data).hexdigest().encode() + b"\n" + data
        for number, text in enumerate((data, honest)):
            (Path(directory) / "spool" / f"{now() + number:020}.report").write_bytes(text)
        kept = Spool(directory)
        for path in kept.waiting():
            kept.read(path)
        assert kept.keep(entry(now() + 5))
        assert reports(kept)[-1] > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB of its own."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system, and not in every container")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    """Write until there is no room."""
    with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 4096)


@pytest.mark.e2e
def test_on_a_disk_that_is_really_full_the_newest_is_kept(small_disk: Path) -> None:
    """Reports of 20 kB on 256 KiB, then a disk that something else has filled to the last page."""
    kept, base = Spool(str(small_disk)), now()
    for seq in range(base, base + 40):
        large = Entry({"seq": seq, "n": seq}, {"sha256:a": b"x" * 20_000}, None)
        assert kept.keep(large)
    assert reports(kept)[-1] == base + 39
    assert kept.lost() == 40 - len(reports(kept))
    assert not list((small_disk / "spool").glob("*.tmp"))
    for path in kept.waiting():
        kept.done(path)
    fill(small_disk)
    assert not kept.keep(Entry({"seq": base + 50}, {"sha256:a": b"x" * 20_000}, None))
    assert kept.lost() == 1
    (small_disk / "ballast").unlink()
    assert kept.keep(entry(base + 60))
    assert reports(kept) == [base + 60]


@pytest.mark.e2e
def test_a_report_on_a_full_disk_is_sent_and_one_that_cannot_be_is_told(
    small_disk: Path, reporting: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_STATE_DIR", str(small_disk))
    fill(small_disk)
    assert main(["report"]) == 0
    assert len(reporting.reports) == 1
    reporting.faults = [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"]
    assert main(["report"]) == 3
    assert "the report could not be kept" in capsys.readouterr().err
