"""What stands beside a backup: what it is, whether it is whole, and which keys it needs, which are not in it."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings

FORMAT: Final = 1
KEYS: Final = ("FIELD_KEY", "PEPPER", "SECRET_KEY")
_COST: Final = {"n": 2**14, "r": 8, "p": 1}
"""A check value must not help to guess a key that somebody made up: one try takes 50 ms and 16 MB."""
_BYTES: Final = 8
BLOCK: Final = 1 << 20


class ManifestError(Exception):
    """It cannot be read, or what it stands beside is not what it says; the text is for an operator."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`at` is the instant of the backup's snapshot; `counts` are rows by table; `keys` are check values by name, one
    for each of several keys, under `salt`.
    """

    format: int
    paritycheck: str
    migration: str
    postgresql: int
    at: str
    file: str
    bytes: int
    sha256: str
    counts: Mapping[str, int]
    salt: str
    keys: Mapping[str, list[str]]


def manifest_path(dump: Path) -> Path:
    """Where the manifest of a backup is."""
    return dump.with_name(f"{dump.name}.json")


def read_manifest(dump: Path) -> Manifest:
    """The manifest beside a backup. Raises ManifestError."""
    path = manifest_path(dump)
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
        found = Manifest(**said)
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}. A backup is two files, which stay together.") from None
    except (ValueError, TypeError):
        raise ManifestError(f"{path} is no manifest of a backup.") from None
    if not (isinstance(found.keys, dict) and isinstance(found.counts, dict) and isinstance(found.bytes, int)):
        raise ManifestError(f"{path} is no manifest of a backup.")
    if found.format != FORMAT:
        raise ManifestError(f"{path} is of form {found.format}; this release of paritycheck reads {FORMAT}.")
    return found


def as_text(manifest: Manifest) -> str:
    """As it is written."""
    return json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n"


def check_file(dump: Path, manifest: Manifest) -> None:
    """Raises ManifestError where the backup is not the one that was made."""
    try:
        size = dump.stat().st_size
        found = sha256_of(dump)
    except OSError as error:
        raise ManifestError(f"{dump}: {error.strerror}.") from None
    if size != manifest.bytes:
        raise ManifestError(f"{dump} has {size} bytes, and {manifest.bytes} when it was made: it was not copied whole.")
    if found != manifest.sha256:
        raise ManifestError(f"{dump} is not what was made: its SHA-256 is another one.")


def sha256_of(path: Path) -> str:
    """In hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def key_checks(salt: str) -> dict[str, list[str]]:
    """Check values of the keys that this process has."""
    return {name: [_check(value, salt) for value in _values(name)] for name in KEYS}


def new_salt() -> str:
    """Another one for each backup."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def check_keys(manifest: Manifest) -> None:
    """Every key that the backup was made with has to be here. Raises ManifestError that names those that are not."""
    have = key_checks(manifest.salt)
    wrong = [name for name in KEYS if not _holds(have[name], manifest.keys.get(name, []))]
    if wrong:
        raise ManifestError(
            f"{', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not what this backup was made with. "
            "Without them no second factor and no channel's secret opens. Set them as they were (those of a data "
            "directory stand in its secrets.env), and restore again."
        )


def _holds(have: list[str], needed: list[str]) -> bool:
    return all(any(hmac.compare_digest(one, other) for other in have) for one in needed)


def _values(name: str) -> list[str]:
    value = getattr(settings, name)
    return list(value) if isinstance(value, list) else [value]


def _check(value: str, salt: str) -> str:
    made = hashlib.scrypt(value.encode(), salt=base64.b64decode(salt), dklen=_BYTES, **_COST)
    return made.hex()
