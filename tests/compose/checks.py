"""What is looked at while the service runs, each as a row: what is promised, what was seen."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from tests.compose.images import BEFORE, NOW
from tests.compose.stack import PORT, SERVICES, until

if TYPE_CHECKING:
    from tests.compose.stack import Stack

START_S, MAIL_S, BACK_S = 300, 180, 120
AGENTS = ("production", "staging")
APPLICATION = ("web", "worker", "sender", "beat")
TABLES = "SELECT name FROM django_migrations WHERE app = 'paritycheck' ORDER BY name DESC LIMIT 1"


class Rows:
    """The table that a check ends with."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, bool]] = []

    @property
    def good(self) -> bool:
        return all(good for *_, good in self._rows)

    def add(self, what: str, promised: str, seen: str, *, good: bool) -> None:
        """Add a row, and say it at once: a check takes minutes."""
        self._rows.append((what, promised, seen, good))
        print(f"{'ok ' if good else 'BAD'} {what}: {seen}", flush=True)  # noqa: T201  a command's own output

    def table(self) -> str:
        rows = [("", "what", "promised", "seen")]
        rows += [("ok" if good else "BAD", what, promised, seen) for what, promised, seen, good in self._rows]
        widths = [max(len(row[at]) for row in rows) for at in range(3)]
        return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[3]]) for row in rows)


# The main job


def main_job(stack: Stack, rows: Rows, _previous: str) -> None:
    """From nothing: a project, two agents, a drift, a mail, a gate, all through the proxy."""
    took = _start(stack)
    rows.add("up", f"healthy within {START_S} s", f"{took:.0f} s", good=True)
    _hardened(stack, rows)
    made = _bootstrap(stack)
    stack.up("mail", *AGENTS)
    for name in AGENTS:
        until(lambda name=name: stack.snapshots(name), START_S, f"a report of {name}")  # type: ignore[misc]
    rows.add("reports by TLS", "taken from both agents", "taken from both agents", good=True)
    took = _drift(stack, "first")
    rows.add("a drift, a mail", f"within {MAIL_S} s", f"{took:.0f} s after the change", good=True)
    _gates(stack, rows, made["gate"]["token"])
    _proxy(stack, rows)


def _start(stack: Stack) -> float:
    began = time.monotonic()
    stack.up("proxy", *APPLICATION, "mail")
    until(stack.is_ready, START_S, "readiness through the proxy")
    until(lambda: all(map(stack.is_healthy, SERVICES)), START_S, "every container is healthy")
    return time.monotonic() - began


def _bootstrap(stack: Stack) -> dict[str, dict[str, str]]:
    """A project; its tokens become what the agents are started with."""
    plans = [part for name in AGENTS for part in ("--environment", f"{name}:{name}")]
    words = ("paritycheck", "bootstrap", "--project", "shop", *plans, "--admin", "op@parity.test", "--json")
    made: dict[str, dict[str, str]] = json.loads(stack.inside("web", *words))
    tokens = {row["slug"]: row["token"] for row in made["environments"]}  # type: ignore[index]
    stack.environment |= {f"{name.upper()}_TOKEN": tokens[name] for name in AGENTS}
    return made


def _drift(stack: Stack, package: str) -> float:
    """Staging goes a release ahead with one package; seconds until the mail that tells of it."""
    stack.inside("staging", "sh", "-c", f"echo {package} >> /app/changed")
    return until(lambda: f"check-{package} " in stack.mails().replace("\n", ""), MAIL_S, f"a mail of check-{package}")


def _gates(stack: Stack, rows: Rows, token: str) -> None:
    """The gate from a checkout that equals production, and from staging's."""
    gate = "PARITY_TOKEN=$0 PARITY_STATE_DIR=/state/gate python3 -I /usr/local/bin/parity gate"
    gate += " --project shop -C /app --fail-on warning"
    codes = {}
    for name in AGENTS:
        said = stack.inside(name, "sh", "-c", f"mkdir -p -m 700 /state/gate; {gate} >/state/said 2>&1; echo $?", token)
        codes[name] = int(said.strip().splitlines()[-1])
    seen = f"{codes['production']} for production's checkout, {codes['staging']} for staging's"
    rows.add("gate", "0 and 1", seen, good=codes == {"production": 0, "staging": 1})


def _hardened(stack: Stack, rows: Rows) -> None:
    """Nobody is root, nothing can be written but /tmp, no capability is held."""
    bad = []
    for service in (*APPLICATION, "proxy", "database"):
        status = stack.inside(service, "cat", "/proc/self/status")
        said = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        if said["Uid"].split()[0] == "0" or int(said["CapEff"], 16) or said["NoNewPrivs"] != "1":
            bad.append(f"{service} has rights")
        written = stack.inside(service, "sh", "-c", "touch /etc/x 2>/dev/null && echo written || true")
        bad += [f"{service} writes /etc"] if written.strip() else []
    rows.add("containers", "no root, no capability, read-only", ", ".join(bad) or "all six so", good=not bad)


def _proxy(stack: Stack, rows: Rows) -> None:
    """What nginx answers by itself."""
    pressed = {path: stack.get(path, **{"Accept-Encoding": "gzip"})[1].get("content-encoding", "") for path in
               ("/docs/operating", "/static/paritycheck/paritycheck.css", "/api/v1/schema")}  # fmt: skip
    seen = ", ".join(f"{path} {how or 'plain'}" for path, how in pressed.items())
    rows.add("proxy, compressed", "pages and text", seen, good=set(pressed.values()) == {"gzip"})
    big = urllib.request.Request(f"http://127.0.0.1:{PORT}/api/v1/reports", data=b"x" * 3_000_000)
    status = 0
    try:
        urllib.request.urlopen(big, timeout=20)
    except urllib.error.HTTPError as error:
        status = error.code
    rows.add("proxy, 3 MB body", "413", str(status), good=status == 413)


# Kills


def kills(stack: Stack, rows: Rows, _previous: str) -> None:
    """SIGKILL to the first process of each container in turn, while agents report and a drift appears."""
    for service in SERVICES:
        before = len(stack.snapshots("staging"))
        again = stack.kill(service)
        served = until(stack.is_ready, BACK_S, f"readiness after {service} was killed")
        mailed = _drift(stack, service)
        until(lambda: len(stack.snapshots("staging")) > before, BACK_S, "a report after the kill")  # noqa: B023
        seen = f"runs again after {again:.0f} s, serves after {again + served:.0f} s, mail {mailed:.0f} s later"
        rows.add(f"kill -9 {service}", "comes back by itself, a drift is mailed", seen, good=True)
    _kept(stack, rows, "kills")


def _kept(stack: Stack, rows: Rows, what: str) -> None:
    """Every snapshot that an agent was told of is in the database, and nothing is given up or left over."""
    taken = {name: len(stack.snapshots(name)) for name in AGENTS}
    lost = {name: stack.lost(name) for name in AGENTS}
    dead = stack.sql("SELECT count(*) FROM paritycheck_job WHERE state = 'dead'")
    given = stack.sql("SELECT count(*) FROM paritycheck_delivery WHERE state NOT IN ('sent', 'due')")
    missing = sum(map(len, lost.values()))
    seen = f"{sum(taken.values())} acknowledged, {missing} lost, {dead} jobs dead, {given} mails not sent"
    rows.add(f"after {what}", "nothing acknowledged is lost", seen, good=not missing and dead == given == "0")


# Releases


def releases(stack: Stack, rows: Rows, previous: str) -> None:
    """A fresh installation of the release before, up to this one, and back, while agents report."""
    stack.compose("down", "--volumes", "--timeout", "5")
    stack.environment["TAG"] = BEFORE
    _start(stack)
    _bootstrap(stack)
    stack.up("mail", *AGENTS)
    until(lambda: all(map(stack.snapshots, AGENTS)), START_S, "reports to the release before")
    for step, tag in (("upgrade", NOW), ("rollback", BEFORE)):
        tables = stack.sql(TABLES)
        away = _change(stack, tag)
        mailed = _drift(stack, step)
        seen = f"{away:.0f} s until it serves, a drift is mailed {mailed:.0f} s later, {tables} -> {stack.sql(TABLES)}"
        rows.add(f"{step} ({previous} {'->' if tag == NOW else '<-'} this)", "no report is lost", seen, good=True)
    _kept(stack, rows, "upgrade and rollback")


def _change(stack: Stack, tag: str) -> float:
    """As the manual says it: tables first, then the processes. Going back leaves the tables as they are."""
    stack.environment["TAG"] = tag
    began = time.monotonic()
    if tag == NOW:
        stack.compose("run", "--rm", "--no-TTY", "migrate")
    stack.up()
    until(stack.is_ready, START_S, f"readiness of {tag}")
    return time.monotonic() - began
