"""What a path scope means, in short: its name and a digest of its globs. Both ends of the wire work it out, so that
commits looked at under other globs of the same name are told apart.
"""

from __future__ import annotations

from paritycheck_agent.wire.canonical import digest, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARK_CHARS = 12


def scope_marks(scopes: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the first 12 hex digits of the sha256 of each scope's globs by its name; order and repetition say nothing.

    The sha256 is that of the canonical JSON array of the globs, sorted.
    """
    return {name: _mark(globs) for name, globs in sorted(scopes.items())}


def _mark(globs: Iterable[str]) -> str:
    return digest(line(sorted(set(globs)))).partition(":")[2][:MARK_CHARS]
