"""`parity unwaive`: end waivers before their time, after having seen which."""

from __future__ import annotations

import sys

from paritycheck_agent.cli.answering import USAGE, answered, for_people, paper, say, shown, write
from paritycheck_agent.cli.waivers import waiver_table
from paritycheck_agent.cli.wording import word
from paritycheck_agent.config import ConfigError
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.outputs.table import Paper
    from paritycheck_agent.runner.reading import Reader

_LEAST = 4


def run(options: Any) -> int:
    """Return the exit code: 0 ended, 2 usage, no such waiver or not agreed to, 3 not reached or refused."""
    from paritycheck_agent.runner.reading import place

    if not (options.yes or sys.stdin.isatty()):
        raise ConfigError("parity unwaive", "nobody is here to agree", "--yes ends without asking")

    def ask(reader: Reader, config: Any) -> dict[str, Any] | int:
        parts = ("projects", options.project or config.project(), "waivers")
        standing = reader.rows(place(*parts), {"source": "person"}, 0)["results"]
        ending = [_named(standing, each) for each in dict.fromkeys(options.id)]
        _tell(ending, options)
        if not (options.yes or _agreed()):
            say("NOTHING ENDED")
            return USAGE
        return {"results": [reader.delete(place(*parts, str(each["id"]))) for each in ending]}

    return answered(options, ask, _show)


def _named(standing: list[dict[str, Any]], begins: str) -> dict[str, Any]:
    """Return the one waiver in force whose id begins so."""
    found = [each for each in standing if str(each.get("id")).startswith(begins.lower())]
    if len(begins) < _LEAST or len(found) != 1:
        why = "several waivers begin so" if len(found) > 1 else "no waiver in force has this id"
        raise ConfigError("parity unwaive", why, "`parity waivers` lists them; those of parity.toml end in the file")
    return found[0]


def _tell(ending: list[dict[str, Any]], options: Any) -> None:
    """Show what would end beside the answer where that is for a program."""
    stream = sys.stdout if for_people(options) else sys.stderr
    write(shown({"results": ending}, paper(stream), waiver_table), stream)


def _agreed() -> bool:
    sys.stderr.write("End them? What they hide counts again. [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _show(answer: Mapping[str, Any], _paper: Paper) -> str:
    return "".join(f"ended: {printable(word(each['title']))}, its drifts count again\n" for each in answer["results"])
