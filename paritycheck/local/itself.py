"""paritycheck watches itself in the demo: a second project, with the `parity.toml` of the checkout the demo runs from.

Both environments are real: production is the service that the demo has started, seen with the settings that its
processes have; development is the checkout, with those that a command there has. A wheel brings no checkout.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paritycheck.local import environment as env
from paritycheck.local.background import HOST, Service
from paritycheck.local.layout import layout
from paritycheck.local.postgres import DATABASE
from paritycheck.local.reporting import Bootstrap, Place, report, token_of

PROJECT = "paritycheck"
BASELINE, CHECKOUT = "production", "development"
PAIR = f"{CHECKOUT}..{BASELINE}"
OURS = ("parity.toml", "uv.lock", "Procfile", "agents/pyproject.toml")


def checkout() -> Path | None:
    """The checkout that this code runs from; None for an installed copy."""
    root = Path(__file__).resolve().parents[2]
    return root if all((root / name).is_file() for name in OURS) else None


def begin(service: Service) -> Bootstrap:
    """Make the project, beside whatever else the demo does: that takes most of the time."""
    return Bootstrap(service, PROJECT, [f"{BASELINE}:production", f"{CHECKOUT}:development"])


def report_itself(service: Service, made: Bootstrap, root: Path, base: Path) -> datetime:
    """Report both environments of the checkout `root`, whose data directory is `base`; the moment since which they are
    to be compared.
    """
    keys, since = made.keys(), datetime.now(UTC)
    for name, settings in ((BASELINE, _running(service)), (CHECKOUT, _of_commands(base))):
        place = Place(name, root, service.directory / f"paritycheck-{name}.agent")
        report(service, place, token_of(keys, name), settings)
    return since


def _running(service: Service) -> Mapping[str, str]:
    """What `up` gives to web, worker, sender and beat, by the functions that it calls."""
    url = layout(service.directory).server_url(DATABASE)
    return env.with_address(env.with_data({}, service.directory, url), HOST, service.port)


def _of_commands(base: Path) -> Mapping[str, str]:
    """What a command in the checkout works with, its database running or not; a person's own settings stay theirs."""
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    return env.with_data({}, base, layout(base).server_url(DATABASE))


def line(pair: Mapping[str, Any], drifts: int, url: str) -> str:
    """What came of it, as the demo's last lines say it."""
    found = "no drift" if not drifts else "1 drift" if drifts == 1 else f"{drifts} drifts"
    parity = "unknown" if pair["parity"] is None else f"{pair['parity']:.0%} of {pair['coverage']:.0%} compared"
    return f"{found}, parity {parity}, at {url}/p/{PROJECT}"
