"""A file made into another: what disks, merges, tools and foes do to bytes. The same seed gives the same file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

MOST_BYTES = 256 * 1024
STEPS = 4
TOKENS = (
    b"\n", b"\r\n", b"\0", b"\t", b" ", b'"', b"'", b"`", b"\\", b"#", b":", b"-", b"=", b"@", b"%", b"$", b"{", b"}",
    b"[", b"]", b"(", b")", b"<", b">", b"&a", b"*a", b"<<: *a", b"!!binary", b"|", b">-", b"---\n", b"...\n",
    b"<<<<<<< HEAD\n", b"=======\n", b">>>>>>> x\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80",
    b"\\ud800", b"\\u0000", b"null", b"true", b"-1", b"1e999", b"NaN", b"9" * 400, b"${A:-${B:-x}}", b"$(", b"../../",
    b"/etc/passwd", b"{{ .Values.x }}", b"<!DOCTYPE x [<!ENTITY y 'z'>]>", b"\xe2\x80\xae", b"\x1b[31m", b"http://a:b@c/d",
)  # fmt: skip
OPENERS = (b"[", b"{", b'{"a":', b"(", b"- ", b"<a>", b"${A:-", b"&a [*a, ", b'"', b" ", b"\\\n", b"a.", b"a=", b"::")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One to four changes of data, at most 256 KiB of it."""
    if data[:1] in {b"{", b"["} and chance.random() < 0.3:
        data = _with_other_values(data, chance)
    for _ in range(chance.randint(1, STEPS)):
        data = chance.choice(CHANGES)(data, chance)[:MOST_BYTES]
    return data


def _at(data: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(data))


def _cut(data: bytes, chance: random.Random) -> bytes:
    start = _at(data, chance)
    return data[:start] + data[start + chance.choice((1, 2, 8, 40, 300, 5000)) :]


def _end(data: bytes, chance: random.Random) -> bytes:
    return data[: _at(data, chance)]


def _insert(data: bytes, chance: random.Random) -> bytes:
    start = _at(data, chance)
    return data[:start] + chance.choice(TOKENS) + data[start:]


def _replace(data: bytes, chance: random.Random) -> bytes:
    start, token = _at(data, chance), chance.choice(TOKENS)
    return data[:start] + token + data[start + len(token) :]


def _noise(data: bytes, chance: random.Random) -> bytes:
    start = _at(data, chance)
    return data[:start] + chance.randbytes(chance.choice((1, 2, 8, 64))) + data[start + chance.randint(0, 8) :]


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _move(data: bytes, chance: random.Random) -> bytes:
    start, size, other = _at(data, chance), chance.choice((4, 40, 400)), _at(data, chance)
    piece, rest = data[start : start + size], data[:start] + data[start + size :]
    return rest[:other] + piece + rest[other:]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    start, times = _at(data, chance), chance.choice((2, 2, 10, 1000))
    return data[:start] + data[start : start + chance.choice((1, 10, 60))] * times + data[start:]


def _nest(data: bytes, chance: random.Random) -> bytes:
    start = _at(data, chance)
    return data[:start] + chance.choice(OPENERS) * chance.choice((10, 200, 5000, 40_000)) + data[start:]


def _line(data: bytes, chance: random.Random) -> bytes:
    """A line taken out, doubled, moved in by some blanks, or put where another was."""
    rows = data.split(b"\n")
    at, other = chance.randrange(len(rows)), chance.randrange(len(rows))
    kind = chance.randrange(4)
    if kind == 0:
        del rows[at]
    elif kind == 1:
        rows.insert(at, rows[other])
    elif kind == 2:
        rows[at] = b" " * chance.randint(1, 9) + rows[at]
    else:
        rows[at], rows[other] = rows[other], rows[at]
    return b"\n".join(rows)


def _encode(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return data.replace(b"\n", b"\r\n")
    return data.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-le", "latin-1")), "replace")


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _end, _insert, _insert, _replace, _noise, _flip, _move, _repeat, _nest, _line, _line, _encode,
)  # fmt: skip


def _with_other_values(data: bytes, chance: random.Random) -> bytes:
    """A JSON document with members of another kind than they should be; it stays JSON, so that it is looked into."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data
    for _ in range(chance.randint(1, STEPS)):
        document = _odd(document, chance)
    return json.dumps(document).encode()


def _odd(value: Any, chance: random.Random) -> Any:
    """A document in which one value, reached by chance, is another."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.1:
        return chance.choice((
            None, True, -1, 10**30, 1.5, "", "a", "\ud800", "\0", "x" * 5000, [], {}, [None], [[]], {"": {}}, [1, "a"],
        ))  # fmt: skip
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    changed[key] = _odd(value[key], chance)
    return changed
