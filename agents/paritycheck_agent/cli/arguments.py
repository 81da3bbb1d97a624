"""What can be typed: commands, options, and help with examples."""

from __future__ import annotations

import argparse

from paritycheck_agent.cli import client_arguments, epilogs
from paritycheck_agent.wire.limits import INTERVAL_MAX_S, INTERVAL_MIN_S
from paritycheck_agent.wire.version import VERSION
from paritycheck_agent.wire.words import SECTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_PERCENT = 100
_WAIT_MAX_S = 86_400
_FORMS = ("text", "json", "github", "sarif", "junit", "gitlab", "markdown", "tap")


def parse(arguments: list[str]) -> tuple[Callable[[Any], int], argparse.Namespace]:
    """Return the command's function and its options; exits with 2 on a usage error."""
    options = _parsers()[0].parse_args(arguments)
    module = __import__(f"paritycheck_agent.cli.{options.command}", fromlist=["run"])
    run: Callable[[Any], int] = module.run
    return run, options


def helps() -> dict[str, str]:
    """Return what `parity COMMAND --help` prints, by command in the order of `parity --help`; "" holds that one."""
    parser, commands = _parsers()
    return {"": parser.format_help(), **{name: each.format_help() for name, each in commands.choices.items()}}


def _parsers() -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        prog="parity",
        description=epilogs.ABOUT,
        epilog=epilogs.VARIABLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"parity {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    _init(_command(commands, "init", "write a commented parity.toml", epilogs.INIT))
    _show(_command(commands, "show", "print what would be sent, and send nothing", epilogs.SHOW))
    _report(_command(commands, "report", "collect and send", epilogs.REPORT))
    _watch(_command(commands, "watch", "report again and again", epilogs.WATCH))
    _told(_command(commands, "status", "tell what this agent remembers: what was taken, what waits", epilogs.STATUS))
    doctor = _command(commands, "doctor", "tell what is found, what is not, why, and what to do", epilogs.DOCTOR)
    _server(doctor)
    _told(doctor)
    _lint(_command(commands, "lint", "tell what is wrong in this checkout, without a server", epilogs.LINT))
    _gate(_command(commands, "gate", "ask whether this checkout drifts from an environment", epilogs.GATE))
    _diff(_command(commands, "diff", "compare two snapshots that the server has", epilogs.DIFF))
    _deploy(_command(commands, "deploy", "tell of a deploy that has ended", epilogs.DEPLOY))
    client_arguments.add(lambda *told: _command(commands, *told))
    _keygen(_command(commands, "keygen", "make a key for fingerprints", epilogs.KEYGEN))
    return parser, commands


def _command(commands: Any, name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def _checkout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-C", "--directory", default=".", metavar="DIR", help="the checkout (default: here)")


def _cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kubernetes",
        default="",
        metavar="FILE",
        help="tell of a cluster: FILE of `kubectl get deploy,sts,ds,cronjob,po,cm,secret -o json`, `-` for stdin, "
        "or `api` in a pod, as its service account",
    )


def _server(parser: argparse.ArgumentParser) -> None:
    _checkout(parser)
    parser.add_argument("--ca-file", default="", metavar="FILE", help="trust only the certificates in this file")


def _sboms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sbom",
        action="append",
        default=[],
        metavar="FILE",
        help="a bill of materials (CycloneDX, SPDX) whose packages are reported too; may be given again",
    )


def _init(parser: argparse.ArgumentParser) -> None:
    _checkout(parser)
    parser.add_argument("--force", action="store_true", help="write over an existing parity.toml")


def _show(parser: argparse.ArgumentParser) -> None:
    _checkout(parser)
    _cluster(parser)
    _sboms(parser)
    parser.add_argument("--wire", default="", metavar="DIR", help="write the exact bytes into this directory instead")


def _report(parser: argparse.ArgumentParser) -> None:
    _server(parser)
    _cluster(parser)
    _sboms(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing when the report was taken")


def _watch(parser: argparse.ArgumentParser) -> None:
    _server(parser)
    parser.add_argument(
        "--interval", type=_interval, default=_interval("5m"), metavar="TIME", help="from 60s to 24h (default: 5m)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say only what failed")


def _told(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", default="text", choices=("text", "json"), help="how to print (default: text)")


def _gate(parser: argparse.ArgumentParser) -> None:
    _server(parser)
    parser.add_argument("--project", default="", metavar="SLUG", help="otherwise [project] name of parity.toml")
    parser.add_argument("--against", default="", metavar="ENVIRONMENT", help="otherwise the project's baseline")
    parser.add_argument(
        "--fail-on",
        default="error",
        choices=("error", "warning", "note"),
        help="fail at this severity (default: error)",
    )
    parser.add_argument("--max-age", type=_seconds, metavar="AGE", help="oldest evidence to accept, such as 90m or 24h")
    parser.add_argument("--min-coverage", type=_percent, metavar="PERCENT", help="least share of comparable facts")
    parser.add_argument("--record", action="store_true", help="keep this candidate as the base of later gates")
    parser.add_argument(
        "--wait", type=_wait, default=0, metavar="TIME", help="ask again so long while there is not enough evidence"
    )
    parser.add_argument("--format", default="text", choices=_FORMS, help="what to print (default: text)")
    parser.add_argument(
        "--output",
        action="append",
        type=_output,
        default=[],
        metavar="FORMAT=FILE",
        help="write this form of the same verdict into a file; may be given again",
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit 0 whatever the verdict; says NOT PASSED")
    parser.add_argument(
        "--on-error", default="fail", choices=("fail", "pass"), help="pass: exit 0 instead of 3; says NOT PASSED"
    )


def _lint(parser: argparse.ArgumentParser) -> None:
    _checkout(parser)
    parser.add_argument("files", nargs="*", metavar="FILE", help="tell only what is about these (default: all)")
    parser.add_argument(
        "--fail-on",
        default="error",
        choices=("error", "warning", "note"),
        help="exit 1 at this severity (default: error)",
    )
    parser.add_argument("--format", default="text", choices=("text", "json", "github"), help="(default: text)")


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("left", metavar="LEFT")
    parser.add_argument("right", metavar="RIGHT")
    _server(parser)
    parser.add_argument("--project", default="", metavar="SLUG", help="otherwise [project] name of parity.toml")
    kinds = ("differences", "different", "left", "right", "unknown", "same")
    parser.add_argument("--only", default=kinds[0], choices=kinds, help="rows of this kind (default: all but same)")
    parser.add_argument("--section", default="", choices=SECTIONS, help="rows of this section")
    parser.add_argument("--format", default="text", choices=("text", "json"), help="how to print (default: text)")
    parser.add_argument("--exit-code", action="store_true", help="exit 1 where something differs")


def _deploy(parser: argparse.ArgumentParser) -> None:
    _server(parser)
    parser.add_argument("--environment", required=True, metavar="SLUG", help="what was deployed")
    parser.add_argument("--project", default="", metavar="SLUG", help="otherwise [project] name of parity.toml")
    parser.add_argument("--commit", default="", metavar="SHA", help="all its digits; otherwise of CI or git")
    parser.add_argument("--release", default="", metavar="ID", help="its number or name; otherwise of CI, or the tag")
    parser.add_argument("--artifact", default="", metavar="DIGEST", help="an image's digest, or another name of it")
    parser.add_argument("--status", default="success", choices=("success", "failure"), help="(default: success)")
    who = "a login, an address or `Name <address>`; may be given again"
    parser.add_argument("--actor", action="append", default=[], metavar="WHO", help=f"who deployed: {who}")
    parser.add_argument("--approver", action="append", default=[], metavar="WHO", help="who approved it, likewise")
    parser.add_argument("--url", default="", metavar="URL", help="of the job; otherwise of CI")
    parser.add_argument("--id", default="", metavar="TEXT", help="told twice under one id it is one deploy")
    parser.add_argument(
        "--on-error", default="fail", choices=("fail", "pass"), help="pass: exit 0 instead of 3; says NOT TOLD"
    )


def _keygen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="", metavar="FILE", help="a new file of mode 0600 (default: stdout)")


def _seconds(text: str) -> int:
    """Return the seconds of `90s`, `15m`, `24h`, `7d` or `2w`."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit() or not number.isascii():
        raise argparse.ArgumentTypeError("must be a number and one of s m h d w, such as 24h")
    return int(number) * _UNITS[unit]


def _interval(text: str) -> int:
    seconds = _seconds(text)
    if not INTERVAL_MIN_S <= seconds <= INTERVAL_MAX_S:
        raise argparse.ArgumentTypeError("must be from 60s to 24h")
    return seconds


def _wait(text: str) -> int:
    seconds = _seconds(text)
    if seconds > _WAIT_MAX_S:
        raise argparse.ArgumentTypeError("must be at most 24h")
    return seconds


def _output(text: str) -> tuple[str, str]:
    """Return form and file of `sarif=parity.sarif`."""
    name, equals, path = text.partition("=")
    if name not in _FORMS or not equals or not path or path == "-":
        raise argparse.ArgumentTypeError(f"must be FORMAT=FILE, where FORMAT is one of {', '.join(_FORMS)}")
    return name, path


def _percent(text: str) -> int:
    if not text.isdigit() or not text.isascii() or int(text) > _PERCENT:
        raise argparse.ArgumentTypeError("must be a number from 0 to 100")
    return int(text)
