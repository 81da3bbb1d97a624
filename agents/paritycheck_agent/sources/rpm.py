"""What rpm installed. Its database is binary and has had three formats, so that rpm itself is asked."""

from __future__ import annotations

import os

KIND = "rpm"
_FOLDERS = ("usr/lib/sysimage/rpm", "var/lib/rpm")
_DATABASES = ("rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages.db", "Packages")
# Where the program lies: PATH could name one of the checkout.
_PROGRAMS = ("/usr/bin/rpm", "/bin/rpm")
_FORMAT = r"%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n"
_TIMEOUT_S = 20
_BYTES = 8 * 1024 * 1024
# The keys that packages are signed with are listed like packages.
_KEYS = "gpg-pubkey"
# No settings of the user: they may name programs to run.
_ENVIRON = {"LC_ALL": "C", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}


def files(base: str) -> list[str]:
    """Return the files of the database, none where this is no system of rpm."""
    for folder in _FOLDERS:
        paths = (os.path.join(base, folder, name) for name in _DATABASES)
        found = [path for path in paths if os.path.isfile(path)]
        if found:
            return found
    return []


def parse(_texts: list[str], base: str) -> list[list[str]]:
    """Return [name, version] of each package; raise OSError where rpm is missing or does not answer."""
    import subprocess

    program = next((path for path in _PROGRAMS if os.access(path, os.X_OK)), "")
    if not program:
        raise FileNotFoundError("rpm")
    database = os.path.dirname(os.path.abspath(files(base)[0]))
    try:
        answer = subprocess.run(
            [program, "--dbpath", database, "-qa", "--qf", _FORMAT],
            env=_ENVIRON,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except subprocess.SubprocessError:
        raise TimeoutError("rpm") from None
    rows = (row.partition("\t") for row in answer.stdout[:_BYTES].decode("utf-8", "replace").split("\n"))
    return [[name, version.removeprefix("0:")] for name, _tab, version in rows if version and name != _KEYS]
