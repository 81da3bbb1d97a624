"""A repository read without git: which commit is checked out, of which branch, from where."""

from __future__ import annotations

import os

from paritycheck_agent.context import regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE_BYTES = 4 * 1024 * 1024
_DEPTH = 5
_HEX = frozenset("0123456789abcdef")
_SHA_CHARS = (40, 64)


def is_sha(text: str) -> bool:
    """Return whether text is the whole name of a commit."""
    return len(text) in _SHA_CHARS and _HEX.issuperset(text)


class Plain:
    """The files of a repository. `top`: the checkout's top folder; `folder`: its git directory."""

    __slots__ = ("_packed", "common", "folder", "top")

    def __init__(self, top: str, folder: str) -> None:
        self.top = top
        self.folder = folder
        shared = _read(os.path.join(folder, "commondir"))
        self.common = os.path.normpath(os.path.join(folder, shared.strip())) if shared else folder
        self._packed: dict[str, str] | None = None

    def head(self) -> tuple[str, str]:
        """Return (commit, branch) of HEAD: no branch when detached, no commit before the first one."""
        text = (_read(os.path.join(self.folder, "HEAD")) or "").strip()
        if not text.startswith("ref:"):
            return (text, "") if is_sha(text) else ("", "")
        name = text[len("ref:") :].strip()
        return self.ref(name), name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else ""

    def ref(self, name: str) -> str:
        """Return the commit (or annotated tag) of a reference, "" where there is none."""
        for _step in range(_DEPTH):
            if not _is_ref(name):
                return ""
            text = self._loose(name)
            if not text.startswith("ref:"):
                return text if is_sha(text) else self._packed_refs().get(name, "")
            name = text[len("ref:") :].strip()
        return ""

    def target(self, name: str) -> str:
        """Return the name that a symbolic reference points to, "" where it is none."""
        text = self._loose(name)
        return text[len("ref:") :].strip() if text.startswith("ref:") else ""

    def _loose(self, name: str) -> str:
        for folder in (self.folder, self.common):
            text = _read(os.path.join(folder, *name.split("/")))
            if text is not None:
                return text.strip()
        return ""

    def _packed_refs(self) -> dict[str, str]:
        if self._packed is None:
            rows = (_read(os.path.join(self.common, "packed-refs")) or "").split("\n")
            pairs = (row.partition(" ") for row in rows)
            self._packed = {name.strip(): sha for sha, _blank, name in pairs if is_sha(sha)}
        return self._packed

    def has_tags(self) -> bool:
        """Return whether there may be a tag, also where references are kept in another way than as files."""
        try:
            loose = bool(os.listdir(os.path.join(self.common, "refs", "tags")))
        except OSError:
            loose = True
        return loose or any(name.startswith("refs/tags/") for name in self._packed_refs())

    def boundary(self) -> set[str]:
        """Return the commits where a shallow clone ends; none in a whole one."""
        return set(filter(is_sha, (_read(os.path.join(self.common, "shallow")) or "").split()))

    def remotes(self) -> dict[str, str] | None:
        """Return the first URL of each remote by its name, None where the configuration is there and cannot be read.

        Holds credentials where the configuration does.
        """
        path = os.path.join(self.common, "config")
        text = _read(path)
        if text is None and os.path.lexists(path):
            return None
        urls: dict[str, str] = {}
        for section, key, value in _settings(text or ""):
            if section.startswith('remote "') and key == "url":
                urls.setdefault(section[len('remote "') :].rstrip('"'), value)
        return urls


def find(root: str) -> Plain | None:
    """Return the repository that root lies in, None without one."""
    top = os.path.abspath(root)
    while True:
        folder = _git_directory(os.path.join(top, ".git"))
        if folder:
            return Plain(top, folder)
        above = os.path.dirname(top)
        if above == top:
            return None
        top = above


def _git_directory(path: str) -> str:
    """Return the git directory of a checkout: `.git` itself, or what a file of that name points to (worktrees)."""
    if os.path.isdir(path):
        return path if os.path.isfile(os.path.join(path, "HEAD")) else ""
    text = (_read(path) or "").strip()
    if not text.startswith("gitdir:"):
        return ""
    folder = os.path.normpath(os.path.join(os.path.dirname(path), text[len("gitdir:") :].strip()))
    return folder if os.path.isfile(os.path.join(folder, "HEAD")) else ""


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (section, key, value) of a git configuration; continued lines and escapes beyond quotes are not needed."""
    section = ""
    for raw in text.split("\n"):
        row = raw.strip()
        if row.startswith("["):
            section = row[1:].partition("]")[0].strip()
        elif "=" in row and row[0] not in "#;":
            key, _equals, value = row.partition("=")
            yield section, key.strip().lower(), value.strip().strip('"')


def _is_ref(name: str) -> bool:
    return name == "HEAD" or (name.startswith("refs/") and ".." not in name and "\0" not in name)


def _read(path: str) -> str | None:
    try:
        with open(path, "rb", opener=regular) as stream:
            return stream.read(_FILE_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
