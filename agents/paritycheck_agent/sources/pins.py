"""Versions of languages and tools that a checkout pins. A range, an alias or `latest` pins nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Read = Callable[[str], "str | None"]

# One language to a file, whose first line is its version. Earlier files win.
_FILES = (
    (".python-version", "python"),
    (".nvmrc", "node"),
    (".node-version", "node"),
    (".ruby-version", "ruby"),
    (".java-version", "java"),
    (".go-version", "go"),
    (".php-version", "php"),
    ("runtime.txt", "python"),
)
# https://mise.jdx.dev/configuration.html, what is nearest to the checkout's top first; local ones are a person's own.
_MISE = (
    "mise.toml", ".mise.toml", "mise/config.toml", ".mise/config.toml", ".config/mise.toml", ".config/mise/config.toml",
)  # fmt: skip
# Whose exact versions package.json can state, under `volta` or `engines`.
_ENGINES = ("node", "npm", "pnpm", "yarn")
_SAME = {"nodejs": "node", "golang": "go", "cpython": "python", "openjdk": "java"}
_LANGUAGES = frozenset({"python", "node", "ruby", "php", "java", "go", "erlang", "elixir", "rust"})
_VERSION = r"v?(\d{1,9}(?:\.\d{1,9}){0,3}(?:[A-Za-z][0-9A-Za-z]*)?(?:[-.+][0-9A-Za-z]+)*)"
_ANY = r"(?:\.[x*])+$"
_VENDORED = r"[a-z_]+(?:-[a-z_]+)*-(\d.*)"
_REQUIRES = r"^requires-python\s*=\s*[\"']\s*==\s*(\d+(?:\.\d+)*)(?:\.\*)?\s*[\"']"
_TOOL = r"[a-z0-9][a-z0-9_.-]{0,62}"
_LINE_CHARS = 512
_DOCKERFILES = ("Dockerfile", "Containerfile")
# Images that are a language, by their name on any registry; their tag begins with its version.
_IMAGES = {
    "python": "python", "node": "node", "ruby": "ruby", "php": "php", "golang": "go", "rust": "rust",
    "elixir": "elixir", "erlang": "erlang", "eclipse-temurin": "java", "amazoncorretto": "java", "openjdk": "java",
    "dotnet/aspnet": "dotnet", "dotnet/runtime": "dotnet",
}  # fmt: skip
_TAG = r"(\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?)(?![0-9A-Za-z.])"


class Pin:
    """A pinned version: `name` as the fact's, `source` `path:line`."""

    __slots__ = ("name", "source", "version")

    def __init__(self, name: str, version: str, source: str) -> None:
        self.name = name
        self.version = version
        self.source = source


def pins(read: Read) -> list[Pin]:
    """Return what the files of a checkout pin, what wins first. `read` gives the text of a file, None without it."""
    found: list[Pin] = []
    for path, name in _FILES:
        found += _of_file(read(path), path, name)
    found += _tool_versions(read(".tool-versions"))
    for path in _MISE:
        found += _mise(read(path), path)
    found += _rust(read)
    found += _package_json(read("package.json"))
    found += _pyproject(read("pyproject.toml"))
    for path in _DOCKERFILES:
        found += _dockerfile(read(path), path)
    return found


def exact(text: str, name: str) -> str:
    """Return the version in a pin's text, "" where it names none: of `v20.11`, `ruby-3.3.0`, `3.12.x` it is 3.12."""
    import re

    if len(text) > _LINE_CHARS:
        return ""
    text = re.sub(_ANY, "", text.strip()).removeprefix(f"{name}-")
    match = re.fullmatch(_VERSION, text)
    if match is None and name == "java":
        vendored = re.fullmatch(_VENDORED, text)
        match = re.fullmatch(_VERSION, vendored.group(1)) if vendored else None
    return match.group(1) if match and not text.endswith("-dev") else ""


def _name(tool: str) -> str:
    tool = _SAME.get(tool, tool)
    return tool if tool in _LANGUAGES else f"tool.{tool}"


def _lines(text: str | None) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, without comments."""
    for number, row in enumerate((text or "").split("\n"), 1):
        said = row.partition("#")[0].strip()
        if said:
            yield number, said


def _of_file(text: str | None, path: str, name: str) -> Iterator[Pin]:
    for number, said in _lines(text):
        version = exact(said, name)
        if version:
            yield Pin(name, version, f"{path}:{number}")
        return


def _tool_versions(text: str | None) -> Iterator[Pin]:
    """Yield what asdf's file pins: the first version of each line."""
    import re

    for number, said in _lines(text):
        tool, *versions = said.split()
        name = _name(tool)
        version = exact(versions[0], name) if versions and re.fullmatch(_TOOL, tool) else ""
        if version:
            yield Pin(name, version, f".tool-versions:{number}")


def _mise(text: str | None, path: str) -> Iterator[Pin]:
    import re

    from paritycheck_agent import toml

    if text is None:
        return
    try:
        tools = toml.load(text).get("tools")
    except toml.TomlError:
        return
    places = toml.positions(text)
    for tool, wanted in tools.items() if isinstance(tools, dict) else ():
        first = wanted[0] if isinstance(wanted, list) and wanted else wanted
        said = first.get("version") if isinstance(first, dict) else first
        name = _name(tool)
        version = exact(said, name) if isinstance(said, str) and re.fullmatch(_TOOL, tool) else ""
        if version:
            line = places.get(("tools", tool), (0, 0))[0]
            yield Pin(name, version, f"{path}:{line}" if line else path)


def _rust(read: Read) -> Iterator[Pin]:
    import re

    for path in ("rust-toolchain.toml", "rust-toolchain"):
        for number, said in _lines(read(path)):
            match = re.fullmatch(r"(?:channel\s*=\s*)?[\"']?(\d+\.\d+(?:\.\d+)?)[\"']?", said)
            if match:
                yield Pin("rust", match.group(1), f"{path}:{number}")
                return


def _package_json(text: str | None) -> Iterator[Pin]:
    """Yield what package.json pins: the package manager, Volta's tools, and engines where they are exact."""
    import json
    import re

    try:
        document = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return
    if not isinstance(document, dict):
        return
    manager = document.get("packageManager")
    match = (
        re.fullmatch(r"([a-z]{1,32})@(\d[0-9A-Za-z.-]{0,63})(?:\+.*)?", manager) if isinstance(manager, str) else None
    )
    if match:
        yield Pin(f"tool.{match.group(1)}", match.group(2), _place(text or "", "packageManager"))
    for table in ("volta", "engines"):
        yield from _engines(document.get(table), text or "", table)


def _engines(wanted: Any, text: str, table: str) -> Iterator[Pin]:
    for tool in _ENGINES if isinstance(wanted, dict) else ():
        said = wanted.get(tool)
        version = exact(said.removeprefix("="), tool) if isinstance(said, str) else ""
        if version:
            yield Pin(_name(tool), version, _place(text, tool, table))


def _place(text: str, key: str, table: str = "") -> str:
    """Where a key stands: its first place behind the table's, for other tables name the same tools."""
    at = text.find(f'"{key}"', max(text.find(f'"{table}"'), 0) if table else 0)
    return f"package.json:{1 + text.count(chr(10), 0, at)}" if at >= 0 else "package.json"


def _pyproject(text: str | None) -> Iterator[Pin]:
    """Yield `requires-python` where it is exact: `==3.12.4`, or `==3.12.*` for any 3.12."""
    import re

    match = re.search(_REQUIRES, text, re.MULTILINE) if text else None
    if match and text:
        yield Pin("python", match.group(1), f"pyproject.toml:{1 + text.count(chr(10), 0, match.start())}")


def _dockerfile(text: str | None, path: str) -> Iterator[Pin]:
    """Yield the language of the image that the last stage of a Dockerfile comes from."""
    if text is None:
        return
    import re

    from paritycheck_agent.sources import dockerfile, images

    chain = dockerfile.lineage(dockerfile.stages(text))
    name, tag = images.split(chain[-1].base) if chain else ("", "")
    language = _IMAGES.get(name.removeprefix("docker/").removeprefix("library/"))
    match = re.match(_TAG, tag)
    if language and match:
        yield Pin(language, match.group(1), f"{path}:{chain[-1].line}")
