"""`parity lint`: names of configuration that are read against those that a template such as `.env.example` declares."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from itertools import islice

from paritycheck_agent.runner.lint_findings import ERROR, NOTE, WARNING, Finding
from paritycheck_agent.sources import dotenv, lock_formats, reads, tracked
from paritycheck_agent.sources.compose_files import is_compose
from paritycheck_agent.sources.configuration import DECLARATIONS, MANIFEST, expected_names, table, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.reads import Read

# Where a process runs, what started it, and what libraries, programs and images read by themselves.
AMBIENT = (
    "CI", "CI_*", "COLUMNS", "LINES", "COMPOSE_*", "DOCKER_*", "BUILDKIT_*", "DYNO", "EDITOR", "VISUAL", "PAGER",
    "GITHUB_*", "GITLAB_*", "RUNNER_*", "CIRCLE*", "BUILDKITE*", "JENKINS_*", "BUILD_*", "DRONE_*", "TRAVIS*",
    "BITBUCKET_*", "HEROKU_*", "VERCEL*", "NETLIFY*", "RENDER*", "RAILWAY_*", "FLY_*", "HOME", "HOST", "HOSTNAME",
    "INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET", "LISTEN_*", "KUBERNETES_*", "LANG", "LANGUAGE", "LC_*",
    "LOGNAME", "MAIL", "OLDPWD", "PARITY_*", "PATH", "POD_*", "PWD", "SHELL", "SHLVL", "SSH_*", "TERM", "COLORTERM",
    "NO_COLOR", "FORCE_COLOR", "CLICOLOR*", "TMP", "TMPDIR", "TEMP", "TZ", "USER", "USERNAME", "USERPROFILE",
    "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "SYSTEMROOT", "COMSPEC", "WINDIR", "VIRTUAL_ENV", "CONDA_*", "XDG_*",
    "*_SERVICE_HOST", "*_SERVICE_PORT", "*_SERVICE_PORT_*", "_", "*_PROXY", "*_proxy", "PYTHON*", "PYTEST_*", "NODE_*",
    "NPM_*", "npm_*", "RAILS_ENV", "RACK_ENV", "BUNDLE_*", "GEM_*", "RUBY*", "JAVA_*", "JDK_*", "GOPATH", "GOROOT",
    "MIX_ENV", "TERM_PROGRAM*", "COMP_*", "PATHEXT", "COMPUTERNAME", "PROCESSOR_*",
    "DJANGO_SETTINGS_MODULE", "CARGO*", "OUT_DIR", "SSL_CERT_*", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
ELSEWHERE = (
    "PG*", "POSTGRES_*", "MYSQL_*", "MARIADB_*", "RABBITMQ_*", "MINIO_*", "MONGO_*", "AWS_*", "GOOGLE_*", "AZURE_*",
    "OTEL_*", "SENTRY_*", "NEW_RELIC_*", "DD_*", "FLASK_*", "SPRING_*", "GUNICORN_*",
    "UVICORN_*", "WEB_CONCURRENCY", "RAILS_*", "CELERY_*", "ASPNETCORE_*", "DOTNET_*", "ELASTIC_*", "KAFKA_*", "UID",
    "GID",
)  # fmt: skip
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]{0,127})")
_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROSE = (".md", ".rst", ".txt", ".adoc", ".lock", ".svg", ".png", ".jpg", ".gif", ".ico", ".woff2", ".pdf", ".po")
_TESTS = frozenset(["test", "tests", "spec", "specs", "__tests__", "testing", "fixtures", "e2e", "examples", "docs"])
_TEST_FILE = re.compile(r"(?:test_.*|.*_test\.\w+|.*[._](?:test|spec)\.\w+|conftest\.py)")
_COMPOSE_VARIABLE = re.compile(
    rb"(?<!\$)\$(?:\{([A-Za-z_][A-Za-z0-9_]{0,127})(:?[-+?])?|([A-Za-z_][A-Za-z0-9_]{0,127}))"
)
_BAKED = re.compile(rb"^\s{0,20}(?:ENV|ARG)\s{1,20}([^\n]{1,4000})", re.MULTILINE | re.IGNORECASE)
# A name that compose sets.
_SET = re.compile(
    rb"(?:^[ \t]{0,60}(?:-[ \t]{1,9})?|[{,][ \t]{0,9})[\"']?([A-Z_][A-Z0-9_]{1,127})(?=[\"']?[ \t]{0,9}[:=])",
    re.MULTILINE,
)
_ASSIGNED = re.compile(rb"([A-Za-z_][A-Za-z0-9_]{0,127})(?==)")
_PREFIX = re.compile(rb"env_prefix\s{0,9}=\s{0,9}[\"']([A-Za-z0-9_]{1,60})[\"']")
_DOCKERFILE = "ockerfile"
_SHOWN = 3
BYTES = 64 * 1024 * 1024
NAMES = 1_000


def examine(context: Context) -> Iterator[Finding]:
    """Yield what templates and readers do not agree on."""
    paths = tracked.files(context)
    templates = [path for path in paths if _is_template(path)]
    declared: dict[str, str] = {}
    for path in templates:
        yield from _duplicates(context, path, declared)
    seen = _Seen(context, paths, declared)
    yield from _undeclared(context, seen, declared, templates)
    yield from _unused(context, seen, templates)


def _is_template(path: str) -> bool:
    *folders, name = path.split("/")
    return name in DECLARATIONS and _TESTS.isdisjoint(folders)


def _duplicates(context: Context, path: str, declared: dict[str, str]) -> Iterator[Finding]:
    """Note what a template declares, and yield what it declares twice: only the last counts."""
    first: dict[str, int] = {}
    for entry in _entries(context, path):
        if entry.name in first:
            text = f"{entry.name} is declared in line {first[entry.name]} already, and the last one counts"
            yield Finding("env-duplicate", ERROR, (path, entry.line), text, "take one of them out")
        first.setdefault(entry.name, entry.line)
        declared.setdefault(entry.name, f"{path}:{entry.line}")


def _entries(context: Context, path: str) -> list[dotenv.Entry]:
    return [entry for entry in dotenv.opened(context, path, []) if _NAMED.fullmatch(entry.name)]


def _undeclared(context: Context, seen: _Seen, declared: dict[str, str], templates: list[str]) -> Iterator[Finding]:
    known = {*declared, *seen.given, *_policy_names(context)}
    places: dict[str, list[Read]] = {}
    for read in seen.reads:
        if read.name not in known and not _fits(read.name, (*AMBIENT, *_ignored(context))):
            places.setdefault(read.name, []).append(read)
    if places and not templates:
        yield _no_template(places)
        return
    for name, found in sorted(places.items()):
        # Where one place cannot do without, that is the one to show.
        found.sort(key=lambda read: not read.needed)
        more = [f"{read.path}:{read.line}" for read in found[1 : 1 + _SHOWN]]
        text = f"{name} is read here{', and in ' + ', '.join(more) if more else ''}, and not declared in {templates[0]}"
        text += "" if found[0].needed else "; there is a default"
        severity = ERROR if found[0].needed else WARNING
        hint = f"add {name}= to {templates[0]}; [tools.config] ignore of parity.toml leaves a name out"
        place = (found[0].path, found[0].line)
        yield Finding("env-undeclared", severity, place, text, hint).about([*templates, *(read.path for read in found)])


def _no_template(places: dict[str, list[Read]]) -> Finding:
    first = min((read for found in places.values() for read in found), key=lambda read: (read.path, read.line))
    names = sorted(places)
    count = f"{len(names)} name{'s' * (len(names) != 1)} of configuration {'are' if len(names) != 1 else 'is'} read"
    text = f"{count} ({', '.join(names[:_SHOWN])}{', ...' * (len(names) > _SHOWN)}), and no file declares any"
    return Finding("env-no-template", NOTE, (first.path, first.line), text, "write .env.example: names without values")


def _unused(context: Context, seen: _Seen, templates: list[str]) -> Iterator[Finding]:
    left_out = (*AMBIENT, *ELSEWHERE, *_ignored(context))
    values = (entry.value or "" for path in templates for entry in _entries(context, path))
    inner = {name for value in values for name in _REFERENCE.findall(value)}
    for path in templates:
        for entry in _entries(context, path):
            if entry.name in seen.unseen.keys() - inner and not _fits(entry.name, left_out):
                text = f"{entry.name} is declared here, and nothing in the checkout reads it"
                hint = "take it out; where a library reads it, [tools.config] ignore of parity.toml says so"
                yield Finding("env-unused", WARNING, (path, entry.line), text, hint)


def _policy_names(context: Context) -> list[str]:
    """Names that parity.toml asks for or expects something of: the agent collects them without any template."""
    return texts(table(context, "config").get("names")) + expected_names(table(context, "tools").get("config"))


def _ignored(context: Context) -> list[str]:
    rules = table(context, "tools").get("config")
    if not isinstance(rules, dict):
        return []
    return texts(rules.get("ignore")) + [name for name, word in rules.items() if word == "ignore"]


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class _Seen:
    """What the files of a checkout tell. `reads`: where names are read; `given`: names that compose files and images
    set themselves; `unseen`: declared names that stand in no other file, in whatever spelling of capitals.
    """

    def __init__(self, context: Context, paths: Iterable[str], declared: Iterable[str]) -> None:
        self.reads: list[Read] = []
        self.given: set[str] = set()
        self.unseen = {name: _spellings(name) for name in islice(declared, NAMES)}
        self._context = context
        self._room = BYTES
        self._prefixes: set[bytes] = set()
        paths = [path for path in paths if not path.endswith(_PROSE) and not _is_environment(path)]
        code = [path for path in paths if _is_code(path)]
        for path in code:
            self._take(self._opened(path), path, path.rpartition("/")[2])
        self._look_in(path for path in paths if not _is_code(path))
        self._look_behind_prefixes(code)

    def _opened(self, path: str) -> bytes:
        """The bytes of a text file of the checkout, none where all is read that is read; links may lead out of it."""
        whole = os.path.join(self._context.root, path)
        try:
            size = os.lstat(whole).st_size
        except OSError:
            return b""
        if size > min(self._room, reads.FILE_BYTES) or os.path.islink(whole):
            return b""
        self._room -= size
        data = self._context.open_bytes(path) or b""
        return b"" if b"\0" in data[:1024] else data

    def _take(self, data: bytes, path: str, name: str) -> None:
        if is_compose(name):
            # `NAME: ${NAME}` hands on what it is given.
            found = list(_of_compose(data, path))
            self.given |= {one.decode() for one in _SET.findall(data)} - {read.name for read in found}
            self.reads += found
        elif _DOCKERFILE in name:
            for match in _BAKED.finditer(data):
                self.given |= {one.decode() for one in _ASSIGNED.findall(match[1])} | _first(match[1])
        else:
            self.reads += reads.of_file(data, path)
        self._prefixes |= {prefix.lower() for prefix in _PREFIX.findall(data)} if b"env_prefix" in data else set()
        self._look(data)

    def _look(self, data: bytes) -> None:
        data = data.lower() if self.unseen else b""
        for name in [name for name, words in self.unseen.items() if any(_stands(word, data) for word in words)]:
            del self.unseen[name]

    def _look_in(self, paths: Iterable[str]) -> None:
        """Look on where names are left: in settings, scripts and tests, but not in what lock files list."""
        locks = {name for entry in lock_formats.FORMATS for name in entry[0]}
        for path in paths:
            if not self.unseen:
                return
            if path.rpartition("/")[2] not in locks:
                self._look(self._opened(path))

    def _look_behind_prefixes(self, code: Iterable[str]) -> None:
        """Pydantic's `env_prefix = "APP_"` reads APP_NAME into `name`."""
        for name in self.unseen:
            word = name.lower().encode()
            tails = {word[len(prefix) :] for prefix in self._prefixes if word.startswith(prefix)}
            self.unseen[name] |= tails - {b""}
        if self._prefixes:
            self._look_in(code)


def _spellings(name: str) -> set[bytes]:
    """A name as code may write it: Spring's `app.name` is APP_NAME too."""
    word = name.lower().encode()
    return {word, word.replace(b"_", b"."), word.replace(b"_", b"-")}


def _stands(word: bytes, data: bytes) -> bool:
    """Whether a word stands in a text, and not as a part of another."""
    return word in data and re.search(rb"(?<![a-z0-9_])" + re.escape(word) + rb"(?![a-z0-9_])", data) is not None


def _is_environment(path: str) -> bool:
    """A file of values such as `.env.test`: it sets names, and reads none."""
    name = path.rpartition("/")[2]
    return name == ".env" or name.startswith(".env.") or name in DECLARATIONS or name == MANIFEST


def _is_code(path: str) -> bool:
    """A file that says what the application itself reads."""
    *folders, name = path.split("/")
    kind = name.rpartition(".")[2].lower() in reads.FORMS or is_compose(name) or _DOCKERFILE in name
    return kind and _TESTS.isdisjoint(folders) and _TEST_FILE.fullmatch(name) is None


def _of_compose(data: bytes, path: str) -> Iterator[Read]:
    """Variables that compose puts in: `${X:?}` must be set, `${X}` becomes empty, the other forms have a default."""
    for number, row in enumerate(data.split(b"\n"), 1):
        if b"$" not in row or row.lstrip().startswith(b"#"):
            continue
        for match in _COMPOSE_VARIABLE.finditer(row):
            needed = not match[2] or match[2].endswith(b"?")
            yield reads.Read((match[1] or match[3]).decode(), path, number, needed=needed)


def _first(words: bytes) -> set[str]:
    """The name of `ENV NAME value` and `ARG NAME`."""
    name = words.split(b"=")[0].split()[0].decode("utf-8", "replace") if words.split() else ""
    return {name} if _NAMED.fullmatch(name) else set()
