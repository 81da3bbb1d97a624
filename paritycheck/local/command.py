"""Where a management command finds its database: DATABASE_URL, else the embedded server of the data directory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from paritycheck.local import environment as env
from paritycheck.local.postgres import Embedded

# They read and write no database.
WITHOUT_DATABASE = frozenset(
    {"help", "version", "--help", "-h", "--version", "collectstatic", "findstatic", "startproject", "startapp"}
)
# They look at or change the schema themselves.
ABOUT_SCHEMA = frozenset(
    {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "optimizemigration", "check"}
    | {"restore", "flush", "sqlflush", "dbshell", "inspectdb", "test", "testserver", "diffsettings"}
)


def split_data(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Take `--data DIR` or `--data=DIR` out of a command line, before a `--`."""
    rest: list[str] = []
    data: str | None = None
    words = iter(arguments)
    for word in words:
        if word == "--":
            return data, [*rest, word, *words]
        if word == "--data":
            data = next(words, None)
        elif word.startswith("--data="):
            data = word.removeprefix("--data=")
        else:
            rest.append(word)
    return data, rest


@contextmanager
def database_for(command: str, data: str | None) -> Iterator[bool]:
    """Put what the command needs into this process's environment. Gives whether to migrate first.

    An embedded server that was not running is stopped again at the end.
    """
    if command in WITHOUT_DATABASE or env.has(os.environ, "DATABASE_URL"):
        yield False
        return
    directory = env.data_directory(data)
    with Embedded(directory) as server:
        os.environ.update(env.with_data(os.environ, directory, server.url))
        yield command not in ABOUT_SCHEMA and not env.serving(directory)
