"""Reports that could not be sent: kept whole, bounded, in order (faults.md, F14 and F15)."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from paritycheck_agent import spool
from paritycheck_agent.spool import Entry, Spool


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
