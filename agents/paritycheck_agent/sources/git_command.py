"""Runs git: a list of arguments, no shell, a deadline, and nothing that a repository's configuration could start."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

TIMEOUT_S = 20
_AFTER_KILL_S = 2
# A checkout's own configuration may name programs. The agent reads: it needs none of them.
_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "log.showSignature=false",
    "color.ui=false",
)
_FIXED = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
}
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")


class GitFault(Exception):  # noqa: N818 - read as "raise GitFault"; its reason is what a fact says
    """git could not answer. `reason` is of the closed list; `foreign`: another user owns the repository."""

    def __init__(self, reason: str, *, foreign: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.foreign = foreign


def run(
    root: str,
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    trusted: str = "",
    timeout_s: float | None = None,
) -> bytes:
    """Return what `git arguments` prints in root; raise GitFault.

    `trusted` is the top of a repository that another user owns: only commands that run nothing of its
    configuration (no `status`, no `diff`) may be asked for then.
    """
    import subprocess

    command = ["git", "--no-pager", "-C", root]
    for setting in (*_SAFE, *([f"safe.directory={trusted}"] if trusted else [])):
        command += ["-c", setting]
    try:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(os.environ if environ is None else environ),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise GitFault("tool-missing") from None
    except OSError:
        raise GitFault("no-permission") from None
    try:
        printed, said = process.communicate(stdin, timeout=TIMEOUT_S if timeout_s is None else timeout_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise GitFault("timeout") from None
    if process.returncode:
        raise _fault(said)
    return printed


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of git: none of the agent's own secrets, no GIT_DIR of a hook, no relative PATH."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("PARITY_") and (not name.startswith("GIT_") or name.startswith(_KEPT))
    }
    kept.update(_FIXED)
    path = kept.get("PATH", os.defpath)
    kept["PATH"] = os.pathsep.join(folder for folder in path.split(os.pathsep) if os.path.isabs(folder))
    return kept


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and whatever it started; a child that keeps the pipe open is not waited for."""
    import signal
    import subprocess

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (OSError, AttributeError):
        process.kill()
    try:
        process.communicate(timeout=_AFTER_KILL_S)
    except subprocess.TimeoutExpired:
        return


def _fault(said: bytes) -> GitFault:
    """Return what git's message means; the message itself may hold paths and is not kept."""
    if b"dubious ownership" in said or b"unsafe repository" in said:
        return GitFault("no-permission", foreign=True)
    if b"not a git repository" in said:
        return GitFault("no-git")
    if b"Permission denied" in said:
        return GitFault("no-permission")
    return GitFault("collector-failed")
