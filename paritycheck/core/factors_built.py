"""Factors of what is deployed: I codebase, II dependencies, III config, V build, release, run, XII admin processes."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from paritycheck.core.ancestry import unapplied
from paritycheck.core.factor_cells import Cell, Standing, Trouble, cell, fault, unread, why
from paritycheck.core.facts import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GROUPING: Final = frozenset({"DJANGO_SETTINGS_MODULE", "APP_SETTINGS", "FLASK_CONFIG", "SPRING_PROFILES_ACTIVE"})
"""Keys that choose a group of settings by its name; a value that names an environment is such a group."""
_GROUPS: Final = ("production", "prod", "staging", "development", "dev", "testing", "test", "local")
_SECRETS: Final = ("*SECRET*", "*TOKEN*", "*PASSWORD*", "*_KEY")
_SHORT: Final = 7


def codebase(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """One repository, and a tree that is a commit; on a laptop work in progress is no deploy."""
    release = me.section("release")
    repository, commit, dirty = (release.look_up(name) for name in ("repository", "commit", "dirty"))
    if repository.value is None or commit.value is None:
        return unread(me, why(release) or f"{'commit' if repository.value else 'repository'} not reported")
    short = commit.value[:_SHORT]
    base = next((one.section("release").look_up("repository").value for one in everyone if one.baseline), None)
    troubles = []
    if base is not None and base != repository.value:
        troubles.append(fault("release", "repository", "not the baseline's repository", "error"))
    if dirty.value == "true" and not me.side.laptop:
        troubles.append(fault("release", "dirty", f"{short} with uncommitted changes"))
    unobserved = [] if base is not None else ["the baseline's repository"]
    unobserved += [] if dirty.value is not None or me.side.laptop else ["whether the tree is clean"]
    seen = short if me.side.laptop else f"{short}, clean" if dirty.value == "false" else short
    facts = [("release", name) for name in ("repository", "commit", "dirty") if name in release.facts]
    return cell(me, seen, troubles=troubles, unobserved=unobserved, facts=facts)


def dependencies(me: Standing, _everyone: Sequence[Standing]) -> Cell:
    """Installed is what is locked. Which of the system's tools the code calls is not observed."""
    section = me.section("dependencies")
    packages = me.present("dependencies")
    if not packages:
        return unread(me, why(section) or "no packages reported")
    troubles = me.having("dependencies", "not-installed", "not-locked")
    seen = f"{len(packages):,} packages agree"
    return cell(me, seen, troubles=troubles, unobserved=["system tools"])


def config(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """The same keys, no group of settings by name, no secret shared between tiers."""
    section = me.section("config")
    keys = me.present("config")
    others = [one for one in everyone if one is not me and (one.baseline or me.baseline) and one.present("config")]
    if not section.facts:
        return unread(me, why(section) or "no keys reported")
    if not others:
        return unread(me, "no keys to compare with")
    troubles = [*me.having("config", "missing", "empty", "unwanted", "value", "shared-secret"), *_groups(me)]
    grouped = any(fact.name in _GROUPING and fact.word("plain") is None for fact in keys)
    unobserved = ["the settings module's name"] if grouped else []
    unobserved += ["shared secrets"] if _unfingerprinted(me, others) else []
    unobserved += ["unread keys"] if any(fact.state is State.UNKNOWN for fact in section.facts.values()) else []
    return cell(me, f"{len(keys):,} keys agree", troubles=troubles, unobserved=unobserved)


def _groups(me: Standing) -> Iterator[Trouble]:
    for fact in me.present("config"):
        value = (fact.word("plain") or "").casefold().replace(".", "_").replace("-", "_")
        if fact.name in _GROUPING and value.rpartition("_")[2] in _GROUPS:
            yield fault("config", fact.name, f"{fact.name} names a group")


def _unfingerprinted(me: Standing, others: Sequence[Standing]) -> bool:
    """Whether a secret that both hold cannot be compared."""
    mine = {fact.name: fact for fact in me.present("config") if any(fnmatchcase(fact.name, glob) for glob in _SECRETS)}
    theirs = [fact for one in others for fact in one.present("config") if fact.name in mine]
    return any(not (fact.words("fps") and mine[fact.name].words("fps")) for fact in theirs)


def release(me: Standing, everyone: Sequence[Standing]) -> Cell:
    """A release's name stands for one content, and a commit is built once."""
    section = me.section("release")
    ident, artifact, commit = (section.look_up(name).value for name in ("id", "artifact", "commit"))
    if ident is None and artifact is None:
        return unread(me, why(section) or "no release reported")
    troubles, promoted = [], ""
    for other in everyone:
        if other is me:
            continue
        there = {name: other.section("release").look_up(name).value for name in ("id", "artifact", "commit")}
        if (
            ident is not None
            and there["id"] == ident
            and _apart((commit, there["commit"]), (artifact, there["artifact"]))
        ):
            troubles.append(fault("release", "id", f"also names {other.side.slug}'s content", "error"))
        elif commit is not None and there["commit"] == commit and _apart((artifact, there["artifact"])):
            troubles.append(fault("release", "artifact", f"built anew since {other.side.slug}"))
        elif artifact is not None and there["artifact"] == artifact:
            promoted = promoted or other.side.slug
    seen = f"image of {promoted}" if promoted else ident or "image reported"
    unobserved = ["assets made at start", "older releases"]
    facts = [("release", name) for name in ("id", "artifact") if name in section.facts]
    return cell(me, seen, troubles=troubles, unobserved=unobserved, facts=facts)


def _apart(*pairs: tuple[str | None, str | None]) -> bool:
    """Whether any of the pairs is known on both sides and differs."""
    return any(one is not None and other is not None and one != other for one, other in pairs)


def admin(me: Standing, _everyone: Sequence[Standing]) -> Cell:
    """What the code holds is applied. In which interpreter shells and one-off runs run is not observed."""
    section = me.section("migrations")
    if not section.facts:
        return unread(me, why(section) or "no migrations reported")
    facts = [("migrations", name) for name in sorted(section.facts)]
    waiting = {name: unapplied(fact) for name, fact in section.facts.items()}
    troubles = [one for one in me.having("migrations", "behind") if one.inside]
    unobserved = ["one-off runs"]
    if not troubles and any(heads is None for heads in waiting.values()):
        return cell(me, "applied migrations not read", unobserved=unobserved, facts=facts)
    if not troubles and any(waiting.values()):
        return cell(me, "migrations wait, within grace", unobserved=unobserved, facts=facts)
    seen = f"{len(waiting):,} {'history' if len(waiting) == 1 else 'histories'} applied"
    return cell(me, seen, troubles=troubles, unobserved=unobserved, facts=facts)
