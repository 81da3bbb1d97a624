"""The program that a command runs, behind shells, wrappers and interpreters. Nothing of its arguments is told.

A kind is a word of `program_kinds`, or the file name of a program in the place where only a program can stand.
"""

from __future__ import annotations

import re

from paritycheck_agent.sources.commands import OPAQUE, TEXT_CHARS, commands
from paritycheck_agent.sources.program_kinds import PROGRAMS, SUBCOMMANDS
from paritycheck_agent.sources.program_wrappers import WRAPPERS
from paritycheck_agent.wire.secrets import suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Union

    Command = Union[str, Sequence[str]]

STEPS = 24
NAME = re.compile(r"[A-Za-z][A-Za-z0-9._+-]{0,63}")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
PORT = re.compile(r"\$(?:PORT\b|\{PORT\b)")
SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "ksh"])
INTERPRETERS = frozenset(["python", "pypy", "node", "nodejs", "ruby", "php", "bun", "perl"])
RUNNERS = frozenset(["honcho", "foreman"])
MANAGERS = frozenset(["npm", "yarn", "pnpm", "bun"])
ENTRIES = ("entrypoint", "entry-point")
# They only start what is written elsewhere: where that cannot be read, what runs is not known.
LAUNCHERS = frozenset(["npm", "yarn", "pnpm", "make", "just", "task"])
SCRIPT = ".sh"
# What prepares a program, or is left to do after it.
ASIDE = frozenset([
    "cd", "export", "set", "unset", "source", ".", ":", "true", "false", "wait", "trap", "sleep", "echo", "printf",
    "mkdir", "chown", "chmod", "ulimit", "umask", "test", "[", "[[", "fi", "done", "esac", "if", "elif", "while",
    "until", "for", "case", "read", "return", "exit", "shift", "local", "alias", "touch", "rm", "cp", "mv", "ln",
    "cat", "kill", "}",
])  # fmt: skip
LEADING = frozenset(["then", "do", "else", "{", "!"])
ELSEWHERE = ("-w", "--workspace", "--prefix", "-C", "--dir", "--cwd", "--filter", "-F")


def program_of(
    command: Command,
    scripts: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
    *,
    files: Callable[[str], str] | None = None,
    certain: bool = True,
) -> tuple[str, bool]:
    """Return (kind, whether it binds a port); the kind is "" where it cannot be told.

    `scripts`: those of package.json, `types`: those of the Procfile, for commands that name one. `files` gives the
    text of a file by its path relative to where the command is run, "" where there is none to read: of shell scripts
    the last command counts. `certain` is False where the command may be arguments of a program that is not known;
    then only known programs are recognised.
    """
    reader = _Reader(scripts or {}, types or {}, files, certain=certain)
    words = list(command) if not isinstance(command, str) else reader.text(command)
    for _ in range(STEPS):
        follow = reader.step(words)
        if follow is None:
            break
        words = follow
    return reader.kind, bool(reader.kind) and (reader.binds or _names_port(command))


def _names_port(command: Command) -> bool:
    """A platform gives the port to bind in `PORT`: what is told of it binds one."""
    text = command if isinstance(command, str) else " ".join(command)
    return PORT.search(text[:TEXT_CHARS]) is not None


def name_of(word: str) -> str:
    """The file name of a program, without the version that distributions write at its end."""
    name = word.replace("\\", "/").rpartition("/")[2]
    if name in PROGRAMS or name in SUBCOMMANDS or name in WRAPPERS:
        return name
    for end in (".exe", ".py", ".rb"):
        name = name.removesuffix(end)
    bare = name.rstrip("0123456789.")
    return bare if bare in INTERPRETERS or bare in PROGRAMS else name


class _Reader:
    def __init__(
        self,
        scripts: Mapping[str, str],
        types: Mapping[str, str],
        files: Callable[[str], str] | None,
        *,
        certain: bool,
    ) -> None:
        self.scripts = scripts
        self.types = types
        self.files = files
        self.certain = certain
        self.kind = ""
        self.binds = False

    def text(self, text: str) -> list[str]:
        """The words of the command that stays: the last one of `exec`, else the last that is none aside."""
        found = [_without_leading(words) for words in commands(text)]
        if any(words[:1] == ["cd"] for words in found):
            # What stands elsewhere is not what stands here.
            self.scripts, self.files = {}, None
        kept = [words for words in found if words and words[0] not in ASIDE]
        final = [words for words in kept if words[0] == "exec" and len(words) > 1]
        return (final or kept or [[]])[-1]

    def step(self, words: list[str]) -> list[str] | None:
        """Look at a command; return the one it starts, None where it is the program itself or cannot be told."""
        while words and ASSIGNMENT.match(words[0]):
            words = words[1:]
        if not words:
            return None
        name = name_of(words[0])
        script = "/" in words[0] and not _known(words[0]) and self._script(words[0])
        return script or self._handler(name)(name, words[1:])

    def _script(self, path: str) -> list[str] | None:
        """The command of a shell script of the checkout; only a known program is told of it."""
        text = self.files(path) if self.files is not None and not path.startswith("/") and OPAQUE not in path else ""
        first = text.partition("\n")[0]
        if not (name_of(first.rpartition(" ")[2]) in SHELLS if first.startswith("#!") else path.endswith(SCRIPT)):
            return None
        self.certain = False
        return self.text(text) or None

    def _handler(self, name: str) -> Callable[[str, list[str]], list[str] | None]:
        families = (
            (name in SHELLS, self._shell),
            (name in WRAPPERS, self._wrapper),
            (name in MANAGERS, self._manager),
            (name in INTERPRETERS, self._interpreter),
            (name in RUNNERS, self._process_type),
            (any(word in name for word in ENTRIES), self._entry),
        )
        return next((handler for holds, handler in families if holds), self._tell)

    def _entry(self, _name: str, arguments: list[str]) -> list[str] | None:
        """An image's entry script: by custom it prepares, and starts what it is given."""
        self.certain = False
        return arguments or None

    def _tell(self, name: str, arguments: Sequence[str]) -> list[str] | None:
        if name in SUBCOMMANDS:
            kinds = SUBCOMMANDS[name]
            told = next((kinds[word] for word in arguments if word and word in kinds), kinds.get("", (name, False)))
            self.kind, self.binds = told
        elif name in PROGRAMS:
            self.kind, self.binds = PROGRAMS[name]
        elif self.certain and NAME.fullmatch(name) and not suspected(name, entropy=True) and not _launches(name):
            self.kind = name
        return None

    def _shell(self, _name: str, arguments: list[str]) -> list[str] | None:
        at = 0
        while at < len(arguments) and arguments[at][:1] in ("-", "+"):
            word = arguments[at]
            if word[1:2] != "-" and "c" in word[1:] and at + 1 < len(arguments):
                return self.text(arguments[at + 1])
            at += 2 if word in ("-o", "+o", "-O", "--rcfile", "--init-file") else 1
        return self._script(arguments[at]) if at < len(arguments) else None

    def _wrapper(self, name: str, arguments: list[str]) -> list[str] | None:
        inner = WRAPPERS[name].inner(arguments)
        if inner is None or not inner[0]:
            return self._tell(name, ())
        self.certain = self.certain and inner[1]
        return inner[0]

    def _manager(self, name: str, arguments: list[str]) -> list[str] | None:
        """`npm run start`, `yarn start` and the like: what package.json says; else a program of the packages."""
        here = not any(word.partition("=")[0] in ELSEWHERE for word in arguments)
        rest = [word for word in arguments if not word.startswith("-")]
        verb = rest[0] if rest else ""
        if verb in ("exec", "dlx", "x") and len(rest) > 1:
            self.certain = False
            return rest[1:]
        named = rest[1] if verb in ("run", "run-script") and len(rest) > 1 else verb
        if here and named in self.scripts and (named is not verb or name != "npm" or verb in ("start", "test")):
            return self.text(self.scripts[named])
        if name != "npm" and named and _known(named):
            return [named, *rest[rest.index(named) + 1 :]]
        self.kind = "" if name in LAUNCHERS else name
        return None

    def _interpreter(self, name: str, arguments: list[str]) -> list[str] | None:
        at = 0
        while at < len(arguments) and arguments[at].startswith("-"):
            word = arguments[at]
            if name in ("python", "pypy") and word[1:2] != "-" and word.endswith("m"):
                return self._module(arguments[at + 1 :])
            if word in ("-c", "-e", "-S", "-r"):
                break
            at += 2 if word in ("-W", "-X") else 1
        if name == "php" and arguments[at : at + 1] == ["-S"]:
            self.kind, self.binds = "php-server", True
            return None
        if at < len(arguments) and _known(arguments[at]):
            return arguments[at:]
        self.kind = {"nodejs": "node", "pypy": "python"}.get(name, name)
        return None

    def _module(self, arguments: list[str]) -> list[str] | None:
        module = arguments[0] if arguments else ""
        first = module.partition(".")[0]
        first = {"django": "django-admin", "waitress": "waitress-serve"}.get(first, first)
        program = next((word for word in (module, first) if _known(word)), "")
        if program:
            return [program, *arguments[1:]]
        self.kind = "python"
        return None

    def _process_type(self, name: str, arguments: list[str]) -> list[str] | None:
        starts = arguments[:1] == ["start"]
        named = next((word for word in arguments[1:] if starts and word in self.types), "")
        if named:
            return self.text(self.types[named])
        self.kind = name
        return None


def _known(word: str) -> bool:
    name = name_of(word)
    return name in PROGRAMS or name in SUBCOMMANDS or name in WRAPPERS


def _launches(name: str) -> bool:
    return name in LAUNCHERS or name.endswith(SCRIPT)


def _without_leading(words: list[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at] in LEADING:
        at += 1
    return words[at:]
