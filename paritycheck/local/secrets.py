"""The secrets of a data directory: made once, readable by their owner only, the same for every process."""

import base64
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

FILE = "secrets.env"


def _text() -> str:
    return secrets.token_urlsafe(48)


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


MAKERS: Mapping[str, Callable[[], str]] = {"SECRET_KEY": _text, "PEPPER": _text, "FIELD_KEY": _key}


def secrets_of(directory: Path) -> dict[str, str]:
    """`SECRET_KEY`, `PEPPER` and `FIELD_KEY` of the data directory; what is missing is made and kept."""
    path = directory / FILE
    known = _read(path)
    missing = [name for name in MAKERS if name not in known]
    if not missing:
        return known
    made = {**known, **{name: MAKERS[name]() for name in missing}}
    _publish(path, made, replace=bool(known))
    return _read(path)


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _publish(path: Path, values: Mapping[str, str], *, replace: bool) -> None:
    """Put the file there whole. Of two processes that make the first one, one wins and both read it."""
    descriptor, name = tempfile.mkstemp(prefix=f"{FILE}.", dir=path.parent)  # 0600 by itself
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("# Made by paritycheck. Keep it with the database: tokens and sessions depend on it.\n")
        file.writelines(f"{key}={value}\n" for key, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    if replace:
        Path(name).replace(path)
        return
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
