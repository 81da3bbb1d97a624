"""`parity keygen`: a key for fingerprints of values (gaps.md)."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import ConfigError
from paritycheck_agent.redact import KEY_BYTES, key_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: Any) -> int:
    """Write 64 hex digits to stdout, or into a new file of mode 0600; tell the key's id, which is no secret."""
    key = os.urandom(KEY_BYTES)
    if options.out:
        _write(options.out, key.hex() + "\n")
        sys.stderr.write(f"key {key_id(key)} written; name the file in PARITY_KEY_FILE\n")
    else:
        sys.stdout.write(key.hex() + "\n")
        sys.stderr.write(f"key {key_id(key)}; keep it where the agents are, never on the server\n")
    return 0


def _write(path: str, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(path, "exists; a key is never written over", "name a new file") from None
    with open(handle, "w", encoding="ascii") as stream:
        stream.write(text)
