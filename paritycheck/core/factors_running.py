"""Factors of what runs: IV backing services, VI processes, VII port binding, VIII concurrency, IX disposability,
X parity, XI logs.
"""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from paritycheck.core.factor_cells import Cell, Standing, Trouble, cell, fault, unread, why
from paritycheck.core.facts import PROCESS_ATTRIBUTES, Fact, State
from paritycheck.core.labels import counted, kind_label

if TYPE_CHECKING:
    from collections.abc import Sequence

_STAND_INS: Final = frozenset({"locmem", "file", "sqlite", "dummy", "console", "eager"})
_STATE: Final = frozenset({"locmem", "file", "sqlite"})
_TOYS: Final = frozenset({
    "runserver", "flask", "fastapi-dev", "vite", "webpack-dev-server", "live-server", "http.server", "webrick",
    "ng-serve", "react-scripts", "vue-cli-service", "artisan-serve", "dotnet-watch", "next-dev", "nuxt-dev",
    "astro-dev", "remix-dev", "react-router-dev", "gatsby-dev",
})  # fmt: skip
"""Servers whose makers say that they are for development."""
_SERVING: Final = frozenset({"staging", "production"})
_LOG_FILES: Final = ("*LOG_FILE*", "*LOGFILE*", "*LOG_PATH", "*LOG_DIR")
_KILLED: Final = 137
_MOST_TYPES: Final = 4


def services(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """Attached by configuration, the same kind and version, and not shared across tiers."""
    listed = _handles(me)
    unlisted = _unlisted(me)
    base = next((one for one in everyone if one.baseline), None)
    if unlisted:
        return unread(me, unlisted)
    if base is None or _unlisted(base):
        return unread(me, "the baseline's services not reported")
    troubles = me.having("services", "kind", "version", "missing", "shared-resource", dotted=False)
    unobserved = _unread(me)
    unobserved += ["sharing across tiers"] if any(_comparable(fact) for fact in listed) else []
    unobserved += [f"how {fact.name} is attached" for fact in listed if not fact.words("keys")]
    seen = f"{len(listed):,} services, {'baseline' if me.baseline else 'kinds equal'}"
    return cell(me, seen, troubles=troubles, unobserved=unobserved, facts=[("services", one.name) for one in listed])


def _handles(me: Standing) -> list[Fact]:
    return [fact for fact in me.present("services") if "." not in fact.name]


def _unread(me: Standing) -> list[str]:
    facts = me.section("services").facts
    names = [name for name in sorted(facts) if "." not in name and facts[name].state is State.UNKNOWN]
    return [f"{name} ({(facts[name].reason or 'other').replace('-', ' ')})" for name in names]


def _unlisted(me: Standing) -> str:
    """Why nothing is known of an environment's services; "" where they are, be it that it has none."""
    section = me.section("services")
    return why(section) or ("" if section.facts or "" in section.covers else "no services reported")


def _comparable(fact: Fact) -> bool:
    """Whether another tier could attach it, and no fingerprint says whether one does."""
    return fact.kind not in _STAND_INS and not fact.words("fps")


def stateless(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """No state in the process or on its disk where another environment has a service for it."""
    unlisted = _unlisted(me)
    if unlisted:
        return unread(me, unlisted)
    served = {fact.name for one in everyone if one is not me for fact in _handles(one) if fact.kind not in _STAND_INS}
    local = [fact for fact in _handles(me) if fact.kind in _STATE and fact.name in served]
    drifts = {one.name: one for one in me.having("services", "kind")}
    troubles = [drifts.get(fact.name) or _local(fact) for fact in local]
    return cell(me, "no local state", troubles=troubles, unobserved=["sticky sessions"])


def _local(fact: Fact) -> Trouble:
    return fault("services", fact.name, f"{fact.name} is {kind_label(fact.kind or '')}")


def ports(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """The same server binds the port everywhere, and no server for development where people are served."""
    section = me.section("processes")
    bound = [fact for fact in section.facts.values() if fact.word("port") == "true" and fact.kind]
    if not bound:
        return unread(me, why(section) or "no port reported")
    names = {fact.name for fact in bound}
    troubles = [one for one in me.having("processes", "kind") if one.name in names]
    known = {one.name for one in troubles}
    toys = [fact for fact in bound if fact.kind in _TOYS and me.side.tier in _SERVING and fact.name not in known]
    troubles += [fault("processes", fact.name, f"{fact.kind} in {me.side.slug}") for fact in toys]
    base = next((one for one in everyone if one.baseline), None)
    lacking = [name for name in sorted(names) if base is None or base.section("processes").look_up(name).kind is None]
    seen = ", ".join(sorted({fact.kind or "" for fact in bound})[:_MOST_TYPES])
    unobserved = [f"the baseline's {name}" for name in lacking]
    return cell(
        me, seen, troubles=troubles, unobserved=unobserved, facts=[("processes", name) for name in sorted(names)]
    )


def concurrency(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """The same process types run everywhere."""
    section = me.section("processes")
    types = _types(me)
    if not types:
        return unread(me, why(section) or "no process types reported")
    others = [one for one in everyone if one is not me and (one.baseline or me.baseline)]
    complete = [one for one in others if "" in one.section("processes").covers and not one.section("processes").reason]
    unobserved = [] if "" in section.covers else ["types not all listed"]
    unobserved += [] if complete else ["types to compare with"]
    troubles = [one for one in me.having("processes", "missing") if not one.name.endswith(PROCESS_ATTRIBUTES)]
    seen = ", ".join(types[:_MOST_TYPES])
    return cell(me, seen, troubles=troubles, unobserved=unobserved, facts=[("processes", name) for name in types])


def _types(me: Standing) -> list[str]:
    return [name for name in sorted(me.section("processes").facts) if not name.endswith(PROCESS_ATTRIBUTES)]


def disposability(me: Standing, _everyone: Sequence[Standing]) -> Cell:
    """Processes stop when they are told to. How fast they start is not observed."""
    section = me.section("processes")
    signals = {fact.name: fact.value for fact in me.present("processes") if fact.name.endswith(".stop-signal")}
    if not signals and not any(me.exits.values()):
        return unread(me, why(section) or "no containers reported")
    troubles = [fault("processes", name, f"{name.partition('.')[0]} stops by SIGKILL")
                for name, signal in signals.items() if signal == "SIGKILL"]  # fmt: skip
    troubles += [fault("processes", name, f"{name} killed, exit {_KILLED}") for name, codes in sorted(me.exits.items())
                 if _KILLED in codes]  # fmt: skip
    said = ", ".join(sorted({signal for signal in signals.values() if signal}))
    seen = said or "no process was killed"
    return cell(
        me, seen, troubles=troubles, unobserved=["start-up time"], facts=[("processes", name) for name in signals]
    )


def parity(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """The three gaps to the baseline; the baseline is compared with itself alone."""
    open_ones = [one for one in me.troubles if not one.waived and one.severity != "note"]
    count = Counter(one.severity for one in open_ones)
    said = counted({word: count[word] for word in ("error", "warning")})
    if me.baseline:
        compared = any(one.bands for one in everyone if one is not me)
        inner = [fault("", "", said, "error" if count["error"] else "warning")] if said else []
        return _gaps(cell(me, "baseline", troubles=inner, unobserved=[] if compared else ["other environments"]))
    if not me.bands:
        return unread(me, "not compared yet")
    bad = [band for band in ("error", "warning") if band in me.bands.values()]
    wide = [gap for gap, band in sorted(me.bands.items()) if band in bad]
    words = ", ".join([*([said] if said else []), *(f"{gap} gap" for gap in wide if gap != "tools" or not said)])
    troubles = [fault("", "", words, "error" if count["error"] or "error" in bad else "warning")] if words else []
    unobserved = [f"{gap} gap" for gap, band in sorted(me.bands.items()) if band == "unknown"]
    return _gaps(cell(me, "no gap", troubles=troubles, unobserved=unobserved))


def _gaps(found: Cell) -> Cell:
    """The matrix is the evidence, not a fact."""
    return Cell(found.environment, found.verdict, found.evidence, found.severity, found.unobserved)


def logs(me: Standing, _everyone: Sequence[Standing]) -> Cell:
    """A stream that the environment takes up. Whether the code opens files of its own is not observed."""
    section = me.section("processes")
    drivers = {fact.name: fact.value or "" for fact in me.present("processes") if fact.name.endswith(".log-driver")}
    files = [fact.name for fact in me.present("config") if any(fnmatchcase(fact.name, glob) for glob in _LOG_FILES)]
    troubles = [fault("config", name, f"{name} is set") for name in files]
    troubles += [fault("processes", name, f"{name.partition('.')[0]} logs to none") for name, driver in drivers.items()
                 if driver == "none"]  # fmt: skip
    if not drivers and not troubles:
        return unread(me, why(section) or "no logging driver reported")
    silent = [name for name in _types(me) if f"{name}.log-driver" not in drivers]
    unobserved = ["files that code opens", *(["some logging drivers"] if silent else [])]
    seen = ", ".join(sorted(set(drivers.values())))
    return cell(me, seen, troubles=troubles, unobserved=unobserved, facts=[("processes", name) for name in drivers])
