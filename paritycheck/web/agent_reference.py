"""What the agent knows how to read, from its own registries: the manual lists what the code has, and nothing else."""

import importlib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from paritycheck.core.labels import kind_label
from paritycheck_agent.collectors.migrations import MIGRATORS
from paritycheck_agent.collectors.services import PROBES
from paritycheck_agent.runner.collecting import COLLECTORS
from paritycheck_agent.sources.lock_formats import BESIDE, FORMATS, UNREAD

_LINK: Final = re.compile(r"\s*[(:,]?\s*(https?://[^\s)]+)\)?")
_DESIGN: Final = re.compile(r"\s*\((?:facts|gaps|wire|connection)[\w./]*(?:\.md|\.py)[^)]*\)")


@dataclass(frozen=True, slots=True)
class Reader:
    """One plug-in: what it is called here, the files or kinds it answers to, and its module's own first sentence."""

    name: str
    answers: tuple[str, ...]
    says: str
    link: str = ""


def _said(module: str) -> tuple[str, str]:
    """The first line of a module's docstring without its link, and the link."""
    first = (importlib.import_module(module).__doc__ or "").strip().split("\n", 1)[0]
    link = _LINK.search(first)
    text = _DESIGN.sub("", _LINK.sub("", first)).rstrip(" .,:") + "."
    return text, link[1].rstrip(".") if link else ""


@cache
def shown() -> dict[str, Any]:
    """Collectors, probes, lock formats and tools of migrations, each in the order of its registry."""
    return {
        "collectors": [Reader(section, (), *_said(module)) for section, module in COLLECTORS],
        "probes": _probes(),
        "locks": _locks(),
        "migrators": [Reader(module.rpartition(".")[2], marks, *_said(module)) for module, marks in MIGRATORS],
        "unread": sorted(UNREAD),
    }


def _probes() -> list[Reader]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for kind, module in PROBES.items():
        kinds[module].append(kind)
    return [Reader(", ".join(map(kind_label, names)), tuple(names), *_said(module)) for module, names in kinds.items()]


def _locks() -> list[Reader]:
    beside = defaultdict(list)
    for name, ecosystem in BESIDE.items():
        beside[ecosystem].append(name)
    return [Reader(ecosystem, (*files, *beside[ecosystem]), *_said(module)) for files, ecosystem, module, _ in FORMATS]
