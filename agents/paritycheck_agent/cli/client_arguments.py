"""The commands that people ask the server with, and their options."""

from __future__ import annotations

from paritycheck_agent.cli import client_epilogs as epilogs
from paritycheck_agent.wire.words import SECTIONS, SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Make = Callable[[str, str, str], argparse.ArgumentParser]

_USUAL_ROWS = 50


def add(make: Make) -> None:
    """Add them all; `make(name, summary, epilog)` adds one."""
    _drifts(make("drifts", "list drifts of a project", epilogs.DRIFTS))
    _drift(make("drift", "show one drift, both its sides, and its life", epilogs.DRIFT))
    _waive(make("waive", "accept drifts for a while", epilogs.WAIVE))
    _unwaive(make("unwaive", "end waivers before their time", epilogs.UNWAIVE))
    _waivers(make("waivers", "list what is accepted", epilogs.WAIVERS))
    _asking(make("gaps", "show the three gaps of each pair", epilogs.GAPS))
    _time(make("time", "show what waits between two environments, and how long", epilogs.TIME))
    _deploys(make("deploys", "list deploys of a project", epilogs.DEPLOYS))
    _asking(make("environments", "list environments of a project", epilogs.ENVIRONMENTS))
    _asking(make("projects", "list projects that you are in", epilogs.PROJECTS), project=False)


def _asking(parser: argparse.ArgumentParser, *, project: bool = True) -> None:
    parser.add_argument("-C", "--directory", default=".", metavar="DIR", help="the checkout (default: here)")
    parser.add_argument("--ca-file", default="", metavar="FILE", help="trust only the certificates in this file")
    if project:
        parser.add_argument("--project", default="", metavar="SLUG", help="otherwise [project] name of parity.toml")
    parser.add_argument(
        "--format", default="", choices=("text", "json"), help="how to print (default: text on a terminal, else json)"
    )


def _limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=_rows, default=_USUAL_ROWS, metavar="N", help=f"at most N, 0 for all (default: {_USUAL_ROWS})"
    )


def _drifts(parser: argparse.ArgumentParser) -> None:
    states = ("open", "waived", "resolved", "live", "all")
    parser.add_argument("--state", default="", choices=states, help="live: open and waived (default: open)")
    for name, choices in (("severity", (*SEVERITIES, "waived")), ("section", SECTIONS)):
        parser.add_argument(
            f"--{name}", action="append", default=[], choices=choices, help=f"of this {name}; may be given again"
        )
    parser.add_argument(
        "--pair", default="", metavar="A..B", help="of this pair, or of each that one environment is in"
    )
    parser.add_argument(
        "--rule", default="", metavar="RULE", help="version, missing, kind, ... as the manual lists them"
    )
    parser.add_argument("--name", default="", metavar="GLOB", help="of this name; `*` is any characters, `?` is one")
    parser.add_argument(
        "--search", default="", metavar="TEXT", help="whose name, owner or configuration name holds this text"
    )
    parser.add_argument("--owner", default="", metavar="WHO", help="of this owner")
    parser.add_argument(
        "--changed-since", type=_since, default="", metavar="WHEN", help="a time (RFC 3339), or a span such as 7d"
    )
    _limit(parser)
    _asking(parser)


def _drift(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="its first ten digits or more, as `parity drifts` lists them")
    _asking(parser)


def _waive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="*", metavar="ID", help="drifts, by ten digits or more")
    parser.add_argument(
        "--match", default="", metavar="GLOB", help="`section/name` or `section/name:rule`, later ones too"
    )
    parser.add_argument("--all", action="store_true", help="all that is open now; later and worse ones still show")
    parser.add_argument("--pair", default="", metavar="A..B", help="with --match or --all: of this pair alone")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why that is right for now")
    parser.add_argument("--owner", required=True, metavar="WHO", help="the person or team that sees to it")
    parser.add_argument(
        "--until", type=_until, default="", metavar="WHEN", help="a date, or a time from now such as 2w"
    )
    parser.add_argument("--until-change", action="store_true", help="until either side changes")
    parser.add_argument("--until-converged", action="store_true", help="until both sides agree")
    parser.add_argument("--preview", action="store_true", help="show what would be hidden, and waive nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask before")
    _asking(parser)


def _unwaive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="+", metavar="ID", help="its first digits or more, as `parity waivers` lists them")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask before")
    _asking(parser)


def _waivers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unused", action="store_true", help="those that hide nothing now")
    parser.add_argument("--within", default="", metavar="DAYS", help="those that end within so many days")
    parser.add_argument("--source", default="", choices=("person", "policy"), help="made by people, or by parity.toml")
    _asking(parser)


def _time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pair", metavar="A..B", help="two environments, such as staging..production")
    parser.add_argument("--scope", default="", metavar="NAME", help="of [scopes] in parity.toml: its paths alone count")
    _asking(parser)


def _deploys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", default="", metavar="SLUG", help="of this environment")
    parser.add_argument(
        "--since", type=_since, default="", metavar="WHEN", help="a time (RFC 3339), or a span such as 7d"
    )
    _limit(parser)
    _asking(parser)


def _rows(text: str) -> int:
    from argparse import ArgumentTypeError

    if not (text.isascii() and text.isdigit() and len(text) <= len("999999")):
        raise ArgumentTypeError("must be a number, 0 for all")
    return int(text)


def _until(text: str) -> str:
    """Return an end: a date and any other word as they are, for the server to judge; of `2w` the instant."""
    return _instant(text, 1)


def _since(text: str) -> str:
    return _instant(text, -1)


def _instant(text: str, direction: int) -> str:
    from datetime import datetime, timedelta, timezone

    units = {"h": "hours", "d": "days", "w": "weeks"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not (number.isascii() and number.isdigit() and len(number) <= len("9999")):
        return text
    at = datetime.now(timezone.utc) + direction * timedelta(**{units[unit]: int(number)})
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
