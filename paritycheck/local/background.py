"""`paritycheck up` as a child, its output in a file: the service behind the demo."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from paritycheck.local.death import die_with_parent
from paritycheck.local.errors import LocalError
from paritycheck.local.up import answers

HOST = "127.0.0.1"
QUIET_S = 90.0
START_S = 600.0
STOP_S = 25.0
POLL_S = 0.1
LONGEST_LINE = 200


class Service:
    """The service of a data directory from `__enter__` to `__exit__`; `log` has what its processes wrote."""

    def __init__(self, directory: Path, port: int, environment: Mapping[str, str]) -> None:
        self.directory, self.port, self.log = directory, port, directory / "service.log"
        self.environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ended(self) -> bool:
        """Whether it stopped by itself."""
        return self._process is not None and self._process.poll() is not None

    def await_answer(self) -> None:
        """Return when the web process answers. Raises LocalError with the end of the log when it does not: once nothing
        was written for 90 s, for a busy machine may need minutes, and after 10 minutes whatever is written.
        """
        began = heard = time.monotonic()
        size = 0
        while not self.ended:
            if answers(HOST, self.port):
                return
            now, grown = time.monotonic(), self.log.stat().st_size
            if grown != size:
                size, heard = grown, now
            if now - heard > QUIET_S or now - began > START_S:
                break
            time.sleep(POLL_S)
        state = "ended" if self.ended else f"does not answer after {time.monotonic() - began:.0f} s"
        raise LocalError(f"The service {state}. The end of {self.log}:\n{self.log_end()}")

    def log_end(self, name: str = "", lines: int = 12) -> str:
        """The last lines of the log, of one process where it is named."""
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([line[:LONGEST_LINE] for line in text if line.startswith(name)][-lines:])

    def __enter__(self) -> Self:
        command = (sys.executable, "-m", "paritycheck", "up", "--data", str(self.directory), "--port", str(self.port))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  this process has no threads
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; a second Ctrl-C while it stops changes nothing."""
        if self._process is None:
            return
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.terminate()
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            signal.signal(signal.SIGINT, before)
