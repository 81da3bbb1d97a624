"""What a checkout's repository says of itself, and its commits. Read by the program git where there is one."""

from __future__ import annotations

import posixpath

from paritycheck_agent.sources import git_plain
from paritycheck_agent.sources.git_command import GitFault, run
from paritycheck_agent.sources.git_plain import is_sha
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.scopes import scope_marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_FILE_BYTES = 32 * 1024 * 1024
_TIPS = 20
_DEFAULTS = ("main", "master", "trunk", "develop")
_REVISION_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-^~")


class Repository:
    """The repository of a checkout. Methods raise GitFault where git cannot answer.

    A git that hung once (a pipe for a file, a disk that is gone) is not started again: it would hang each time.
    """

    __slots__ = ("_foreign", "_hung", "environ", "plain", "root")

    def __init__(self, root: str, environ: Mapping[str, str] | None = None) -> None:
        """Raise GitFault("no-git") where root lies in no repository."""
        plain = git_plain.find(root)
        if plain is None:
            raise GitFault("no-git")
        self.root = root
        self.environ = environ
        self.plain = plain
        self._foreign = False
        self._hung = False

    def _run(self, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
        """Run a command that starts no program of the repository's, whoever owns it."""
        if not self._foreign:
            try:
                return self._started(arguments, stdin)
            except GitFault as fault:
                if not fault.foreign:
                    raise
                self._foreign = True
        return self._started(arguments, stdin, trusted=self.plain.top)

    def _started(self, arguments: Sequence[str], stdin: bytes = b"", *, trusted: str = "") -> bytes:
        if self._hung:
            raise GitFault("timeout")
        try:
            return run(self.root, arguments, environ=self.environ, stdin=stdin, trusted=trusted)
        except GitFault as fault:
            self._hung = fault.reason == "timeout"
            raise

    def dirty(self) -> bool:
        """Return whether a tracked file differs from the commit.

        `status` may run the filters that the repository's configuration names, so it is not asked of one
        that another user owns: GitFault("no-permission").
        """
        arguments = ["status", "--porcelain", "-z", "--untracked-files=no"]
        return bool(self._started(arguments))

    def commit(self) -> str:
        """Return the commit that is checked out, "" before the first one."""
        commit, branch = self.plain.head()
        if commit or not branch:
            return commit
        try:  # also where references are kept in another way than as files
            return self._run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).decode().strip()
        except GitFault as fault:
            if fault.reason == "collector-failed":
                return ""
            raise

    def tags(self) -> list[str]:
        """Return the tags of the commit that is checked out, sorted."""
        if not self.plain.has_tags():
            return []
        printed = self._run(["for-each-ref", "--points-at=HEAD", "--format=%(refname)", "refs/tags"])
        return sorted(
            name.removeprefix("refs/tags/") for name in printed.decode("utf-8", "replace").split("\n") if name
        )

    def remotes(self) -> dict[str, str]:
        """Return the first URL of each remote by its name. Holds credentials where the configuration does."""
        urls = self.plain.remotes()
        if urls is None:
            raise GitFault("no-permission")
        return urls

    def default_branch(self, name: str = "") -> str:
        """Return the reference of the default branch: `name` of it where known, else what the remote or custom says."""
        named = self.plain.target("refs/remotes/origin/HEAD")
        if not name and named and self.plain.ref(named):
            return named
        for branch in [name] if name else _DEFAULTS:
            for reference in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
                if self.plain.ref(reference):
                    return reference
        return ""

    def merge_base(self, one: str, other: str) -> str:
        """Return the newest common commit, "" where there is none."""
        if self.plain.boundary():
            raise GitFault("shallow")
        try:
            return self._run(["merge-base", one, other]).decode().strip()
        except GitFault as fault:
            if fault.reason == "collector-failed":
                return ""
            raise

    def show(self, revision: str, path: str) -> bytes | None:
        """Return a file as it stood at a revision, path relative to the checkout; None where there is none."""
        path = posixpath.normpath(path)
        if not revision or revision[0] == "-" or not _REVISION_CHARS.issuperset(revision):
            return None
        if posixpath.isabs(path) or path.split("/")[0] == ".." or "\0" in path or "\n" in path:
            return None
        try:
            data = self._run(["cat-file", "blob", f"{revision}:./{path}"])
        except GitFault as fault:
            if fault.reason == "collector-failed":
                return None
            raise
        return data if len(data) <= _FILE_BYTES else None

    def commit_lines(
        self, have: Sequence[str], want: int, *, tips: Sequence[str] = (), settings: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return the body of POST /api/v1/commits: of HEAD, or of the `tips` whose ancestors are asked for."""
        head = self.commit()
        if not head:
            raise GitFault("no-git")
        boundary = self.plain.boundary()
        scopes = _scopes(settings or {})
        marks = {"scopes": scope_marks(scopes)} if scopes else {}
        header = line({"head": head, "shallow": bool(boundary), **marks}) + b"\n"
        asked = [tip for tip in tips if is_sha(tip)][:_TIPS]
        if tips and not asked:
            return header
        from paritycheck_agent.sources import git_commits

        rows = git_commits.lines(
            self._run,
            boundary=boundary,
            have=[sha for sha in have if is_sha(sha)][: limits.HAVE],
            tips=asked or [head],
            want=max(1, min(want, limits.COMMITS)),
            subjects=_subjects(settings or {}),
            scopes=scopes,
        )
        return header + b"".join(rows)


def commit_lines(
    root: str,
    have: list[str],
    want: int,
    *,
    tips: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> bytes:
    """Return the body of POST /api/v1/commits of a checkout; raise GitFault where git cannot tell.

    `have` are commits that the server knows, `tips` those whose ancestors it asks for (HEAD without any); what is
    no commit of this repository among them is passed over. `settings`: `[release] subjects` and `[scopes]`.
    """
    return Repository(root, environ).commit_lines(have, want, tips=tips, settings=settings)


def show(root: str, revision: str, path: str, environ: Mapping[str, str] | None = None) -> bytes | None:
    """Return a file of a checkout as it stood at a revision, None where there was none; raise GitFault."""
    return Repository(root, environ).show(revision, path)


def address(url: str) -> str:
    """Return `host/path` of a remote's URL: no scheme, user, password, port, query or `.git`; "" for a local path."""
    url = url.strip()
    scheme, found, rest = url.partition("://")
    if scheme.lower() == "file":
        return ""
    if found:
        authority, _slash, path = rest.partition("/")
        if "@" in path and _has_password(authority):  # a password with a slash in it
            authority, _slash, path = rest.rpartition("@")[2].partition("/")
    else:  # the form of scp: user@host:path, where no slash comes before the colon
        authority, colon, path = url.rpartition("@")[2].partition(":")
        if not colon or "/" in authority or "\\" in path:
            return ""
    host = authority.rpartition("@")[2]
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    path = path.partition("?")[0].partition("#")[0].strip("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path}" if host and path else ""


def _has_password(authority: str) -> bool:
    _host, colon, port = authority.partition(":")
    return bool(colon) and not port.isdigit()


def _subjects(settings: Mapping[str, Any]) -> bool:
    release = settings.get("release")
    return not (isinstance(release, dict) and release.get("subjects") is False)


def _scopes(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the globs of each path scope, of 20 at most: `[scopes]` holds a glob or a list of them by name."""
    scopes = settings.get("scopes")
    found: dict[str, list[str]] = {}
    for name, globs in scopes.items() if isinstance(scopes, dict) else ():
        listed = [globs] if isinstance(globs, str) else globs if isinstance(globs, list) else []
        texts = [glob for glob in listed if isinstance(glob, str)]
        if texts and name.isascii() and len(name) <= limits.PLAIN_CHARS and len(found) < limits.SCOPES:
            found[name] = texts
    return found
