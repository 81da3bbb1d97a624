"""The tables of parity.toml that the agent itself reads; everything else in it is policy, and the server's to judge."""

from __future__ import annotations

from paritycheck_agent.wire.words import SECTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


def mistakes(settings: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the key of each value of another form than the agent reads, and what it must be."""
    for key, holds, what in _OWN:
        if not holds(_at(settings, key)):
            yield key, what


def _at(settings: Mapping[str, Any], key: tuple[str, ...]) -> Any:
    value: Any = settings
    for part in key:
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _is_table(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(value))


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) and item for item in value))


def _is_sections(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(item in SECTIONS for item in value))


_OWN = (
    (("agent",), _is_table, "must be a table"),
    (("dependencies",), _is_table, "must be a table"),
    (("docker",), _is_table, "must be a table"),
    (("kubernetes",), _is_table, "must be a table"),
    (("processes",), _is_table, "must be a table"),
    (("project",), _is_table, "must be a table"),
    (("release",), _is_table, "must be a table"),
    (("agent", "python"), _is_text, "must be a string"),
    (("agent", "collect"), _is_sections, "must be an array of " + ", ".join(SECTIONS)),
    (("dependencies", "folders"), _is_texts, "must be an array of strings"),
    (("dependencies", "sbom"), _is_texts, "must be an array of strings"),
    (("dependencies", "system"), _is_flag, "must be true or false"),
    (("docker", "enabled"), _is_flag, "must be true or false"),
    (("docker", "label"), _is_text, "must be a string"),
    (("processes", "units"), _is_texts, "must be an array of strings"),
    (("project", "name"), _is_text, "must be a string"),
    (("release", "subjects"), _is_flag, "must be true or false"),
)
