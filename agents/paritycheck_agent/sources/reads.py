"""Names of configuration that code reads: `os.environ["X"]`, `process.env.X`, `ENV.fetch("X")` and their like.

Found by their form in the text, not by running it: a name that is put together at run time is not seen. `needed` is
True where the code stops without the name, or names nothing to go on with.
"""

from __future__ import annotations

import re
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_BYTES = 1024 * 1024
# Of one form in one file: each is looked for a line and for what else the file says of the name.
MATCHES = 500
_NAME = rb"([A-Za-z_][A-Za-z0-9_]{1,127})"
_QUOTED = rb"\s{0,40}[\"']" + _NAME + rb"[\"']\s{0,40}"
_TESTED = re.compile(rb"\s{0,20}(?:\|\||\?\?|\?[^.]|&&|[=!]==?|\bas\b)")
_ASKED = re.compile(rb"(?:\b(?:if|elif|unless|while|not|and|or)\b|!)\s{0,9}\(?\s{0,9}\Z")
_WRITTEN = re.compile(rb"\s{0,20}(?:\|\||\?\?)?=[^=]")
_COMMENT = (b"#", b"//", b">>>", b"*", b"--", b"<!--")


class Read:
    """One place where code reads a name."""

    __slots__ = ("line", "name", "needed", "path")

    def __init__(self, name: str, path: str, line: int, *, needed: bool) -> None:
        self.name = name
        self.path = path
        self.line = line
        self.needed = needed


class _Form:
    """A way to read. `marker` stands in each file that uses it, `beside` too where the form alone says too little;
    `needs`: `always`, `never`, `last` (nothing behind the name gives a default), `plain` (nothing tests the result).
    """

    __slots__ = ("_pattern", "beside", "marker", "needs")

    def __init__(self, marker: bytes, pattern: bytes, needs: str, beside: tuple[bytes, ...] = ()) -> None:
        self.marker = marker
        self._pattern = pattern
        self.needs = needs
        self.beside = beside

    def found(self, data: bytes) -> Iterator[re.Match[bytes]]:
        if self.marker in data and (not self.beside or any(word in data for word in self.beside)):
            # Compiled where a language is met: all of them cost more than reading a checkout.
            yield from islice(re.finditer(self._pattern, data), MATCHES)


_PYTHON = (
    # Bare, it may be the environ of a WSGI request, or any other mapping.
    _Form(b"os.environ", rb"\bos\.environ\[" + _QUOTED + rb"\]", "always"),
    _Form(b"os.environ", rb"\bos\.environ\.(?:get|pop|setdefault)\(" + _QUOTED, "never"),
    _Form(b"environ", rb"(?<![\w.])environ\[" + _QUOTED + rb"\]", "always", (b"from os import",)),
    _Form(b"environ", rb"(?<![\w.])environ\.(?:get|pop|setdefault)\(" + _QUOTED, "never", (b"from os import",)),
    _Form(b"getenv", rb"\bgetenv\s{0,9}\(" + _QUOTED, "never"),
    _Form(b"env", rb"\benv(?:\.[a-z_]{1,20})?\(" + _QUOTED, "last", (b"import environ", b"environs", b"from environ")),
    _Form(b"decouple", rb"\bconfig\(" + _QUOTED, "last"),
)
_SCRIPT = (
    _Form(b"process.env", rb"\bprocess\.env\." + _NAME, "plain"),
    _Form(b"process.env", rb"\bprocess\.env\[" + _QUOTED + rb"\]", "plain"),
    _Form(
        b"import.meta.env",
        rb"\bimport\.meta\.env\.((?!(?:MODE|DEV|PROD|SSR|BASE_URL)\b)[A-Z_][A-Z0-9_]{1,127})",
        "plain",
    ),
    _Form(b"Deno.env", rb"\bDeno\.env\.get\(" + _QUOTED + rb"\)", "plain"),
    _Form(b"Bun.env", rb"\bBun\.env\." + _NAME, "plain"),
)
_RUBY = (
    _Form(b"ENV", rb"\bENV\.fetch\(?" + _QUOTED, "last"),
    _Form(b"ENV", rb"\bENV\[" + _QUOTED + rb"\]", "never"),
)
_PHP = (
    _Form(b"env(", rb"\b(?:getenv|env)\(" + _QUOTED, "last"),
    _Form(b"$_ENV", rb"\$_ENV\[" + _QUOTED + rb"\]", "plain"),
)
_GO = (
    _Form(b"os.Getenv", rb"\bos\.Getenv\(" + _QUOTED + rb"\)", "plain"),
    _Form(b"os.LookupEnv", rb"\bos\.LookupEnv\(" + _QUOTED, "never"),
)
_JAVA = (_Form(b"System.getenv", rb"\bSystem\.getenv\(" + _QUOTED + rb"\)", "plain"),)
_SHARP = (_Form(b"GetEnvironmentVariable", rb"\bGetEnvironmentVariable\(" + _QUOTED, "never"),)
_RUST = (
    _Form(b"env!", rb"(?<!option_)env!\(" + _QUOTED, "last"),
    _Form(b"env::var", rb"\benv::var(?:_os)?\(" + _QUOTED, "never"),
)
_ELIXIR = (
    _Form(b"System.fetch_env!", rb"\bSystem\.fetch_env!\(" + _QUOTED, "always"),
    _Form(b"System.get_env", rb"\bSystem\.get_env\(" + _QUOTED, "never"),
)
FORMS = {
    "py": _PYTHON, "js": _SCRIPT, "mjs": _SCRIPT, "cjs": _SCRIPT, "jsx": _SCRIPT, "ts": _SCRIPT, "mts": _SCRIPT,
    "cts": _SCRIPT, "tsx": _SCRIPT, "vue": _SCRIPT, "svelte": _SCRIPT, "astro": _SCRIPT, "rb": _RUBY, "rake": _RUBY,
    "ru": _RUBY, "erb": _RUBY, "yml.erb": _RUBY, "php": _PHP, "go": _GO, "java": _JAVA, "kt": _JAVA, "kts": _JAVA,
    "scala": _JAVA, "groovy": _JAVA, "cs": _SHARP, "fs": _SHARP, "rs": _RUST, "ex": _ELIXIR, "exs": _ELIXIR,
}  # fmt: skip


def of_file(data: bytes, path: str) -> list[Read]:
    """Every read in the bytes of one file of code; none in one of a language that is not known."""
    found: list[Read] = []
    for form in FORMS.get(path.rpartition(".")[2].lower(), ()):
        for match in form.found(data):
            start = data.rfind(b"\n", 0, match.start()) + 1
            behind = data[match.end() : match.end() + 40]
            before = data[max(start, match.start() - 400) : match.start()]
            if before.lstrip().startswith(_COMMENT) or _WRITTEN.match(behind):
                continue
            if match[1].endswith(b"_"):
                continue  # the start of a name that is put together
            needed = _ASKED.search(before[-40:]) is None and _needed(form.needs, behind, data, match[1])
            found.append(Read(match[1].decode(), path, data.count(b"\n", 0, start) + 1, needed=needed))
    # Where a file reads a name with a default too, or asks for it before, it can do without.
    spared = {read.name for read in found if not read.needed}
    for read in found:
        read.needed = read.needed and read.name not in spared
    return found


def _needed(needs: str, behind: bytes, data: bytes, name: bytes) -> bool:
    if needs == "plain":
        return _TESTED.match(behind) is None
    if needs == "last":
        # django-environ may give the default where it names the type: Env(DEBUG=(bool, False)).
        scheme = name + b"=("
        return behind[:1] == b")" and not behind[1:].lstrip().startswith((b"{", b"do")) and scheme not in data
    asked = (quote + name + quote + b" in " for quote in (b'"', b"'"))
    return needs == "always" and not any(words in data for words in asked)
