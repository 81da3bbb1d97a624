"""The members of a request's body that is a JSON object, each of its type."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from paritycheck.api.body import taken
from paritycheck.services.errors import Refused
from paritycheck_agent.wire.reading import read_json

WORDS = {str: "a text", int: "a whole number", list: "a list of texts", bool: "true or false"}


def read_asked(request: Request, code: str, known: Mapping[str, type], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """What was asked; Refused(unknown-field), or Refused(code) with a pointer. A list is one of texts."""
    said = read_json(taken(request).decoded)
    if not isinstance(said, dict):
        raise wrong(code, "", "the body is a JSON object")
    if set(said) - set(known):
        raise Refused("unknown-field", 422, f"a field is not known; known here: {', '.join(sorted(known))}")
    for name, value in said.items():
        if not _fits(value, known[name]):
            raise wrong(code, name, f"is {WORDS[known[name]]}")
    for name in needed:
        if name not in said:
            raise wrong(code, name, "is missing")
    return said


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, bool) and kind is not bool:
        return False
    if isinstance(value, list):
        return kind is list and all(isinstance(one, str) for one in value)
    return isinstance(value, kind)


def wrong(code: str, member: str, detail: str) -> Refused:
    """422 for one member; never repeats its value."""
    pointer = f"/{member}" if member else ""
    said = f"{member}: {detail}" if member else detail
    return Refused(code, 422, said, errors=[{"pointer": pointer, "code": code, "detail": detail}])
