"""Section migrations: what the code base holds, what the database has applied (facts.md, migrations)."""

from __future__ import annotations

import os

from paritycheck_agent.context import Collected
from paritycheck_agent.wire.limits import NAME_CHARS, SOURCES, VERSION_CHARS
from paritycheck_agent.wire.secrets import suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.context import Context
    from paritycheck_agent.histories import History
    from paritycheck_agent.sources.applied import Applied
    from paritycheck_agent.sources.attachments import Attachment

SECTION = "migrations"
# Each finds the histories of its tool, and says which table holds what is applied and how to read it. The paths show
# that a checkout may use the tool, so that nobody else pays for its import; `*` is any folder at the top.
MIGRATORS = (
    ("paritycheck_agent.migrators.django", ("manage.py", "*/manage.py")),
    ("paritycheck_agent.migrators.alembic", ("alembic.ini", "pyproject.toml")),
    ("paritycheck_agent.migrators.rails", ("db/migrate",)),
    ("paritycheck_agent.migrators.flyway", ("src/main/resources/db/migration", "db/migration", "sql", "flyway/sql")),
    ("paritycheck_agent.migrators.prisma", ("prisma/migrations",)),
    ("paritycheck_agent.migrators.knex", ("knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs")),
)
DATABASES = 4
# Heads and chain share a line of 4 KiB with the other members.
HEADS = 6
CHAIN_BYTES = 2_000
CUT = "..."
_FIRST = ("database", "db", "postgres", "mysql")


def collect(context: Context) -> Collected:
    """Return a fact for each unit that has migrations; a checkout without any asks no database."""
    modules = [_imported(name) for name, marks in MIGRATORS if any(_shows(context, mark) for mark in marks)]
    found = [(module, history) for module in modules for history in module.find(context)]
    if not found:
        return Collected([])
    warnings: list[str] = []
    answers = [] if context.candidate else _answers(context, {module.TABLE: module.APPLIED for module, _ in found})
    facts = []
    for module, history in found:
        if len(history.name) > NAME_CHARS or suspected(history.name):
            warnings.append(f"{history.source}: a name that cannot be sent is left out")
            continue
        facts.append(_fact(module, history, answers, candidate=context.candidate))
    return Collected(facts, [], warnings)


def _shows(context: Context, mark: str) -> bool:
    if not mark.startswith("*/"):
        return os.path.exists(os.path.join(context.root, mark))
    try:
        return any(context.exists(f"{name}/{mark[2:]}") for name in os.listdir(context.root))
    except OSError:
        return False


def _imported(name: str) -> Any:
    return __import__(name, fromlist=["find"])


def _answers(context: Context, wanted: dict[str, str]) -> list[tuple[Attachment, Applied]]:
    """Ask the databases that configuration attaches; the one that is most likely the application's comes first."""
    from functools import partial

    from paritycheck_agent.sources import applied, at_once, attachments, configuration

    attached = attachments.discover(configuration.read(context))
    wishes = configuration.table(context, "services")
    asked = [one for one in attached if one.target.kind in applied.KINDS and not _refused(wishes, one.handle)]
    asked.sort(key=lambda one: (one.handle not in _FIRST, one.handle))
    del asked[DATABASES:]
    questions = {one.handle: partial(applied.read, one.target, wanted) for one in asked}
    answers = at_once.ask(questions, max((one.target.deadline for one in asked), default=0))
    return [(one, answers.get(one.handle) or applied.Applied("timeout")) for one in asked]


def _refused(wishes: Any, handle: str) -> bool:
    wish = wishes.get(handle)
    return isinstance(wish, dict) and wish.get("probe", True) is False


def _fact(
    module: Any, history: History, answers: list[tuple[Attachment, Applied]], *, candidate: bool
) -> dict[str, Any]:
    chain = history.chain()
    code = [ident[:VERSION_CHARS] for ident in history.heads()]
    fact: dict[str, Any] = {"name": history.name, "chain": _bounded(chain)}
    sources = [history.source]
    if candidate:
        # A deploy of this change applies what it holds.
        fact.update({"value": _value(code)} if code else {"unknown": "parse-failed"})
    else:
        fact.update(_applied(module, history, answers))
        sources += ["probe"] if "unknown" not in fact else []
        fact.update({"code": _value(code)} if code else {})
    return {**fact, "sources": sources[:SOURCES]}


def _applied(module: Any, history: History, answers: list[tuple[Attachment, Applied]]) -> dict[str, Any]:
    """Return the heads that are applied: of the first database that has the tool's table."""
    unit = history.name.partition("/")[2]
    reasons = []
    for _attachment, answer in answers:
        rows = answer.rows.get(module.TABLE)
        if rows is not None:
            heads = history.heads(ident for of, ident in rows if of in {"", unit})
            return {"value": _value([head[:VERSION_CHARS] for head in heads])} if heads else {"absent": True}
        if module.TABLE not in answer.rows:
            reasons.append(answer.reason or "no-permission")
    if reasons:
        return {"unknown": reasons[0]}
    return {"absent": True} if answers else {"unknown": "not-collected"}


def _value(heads: list[str]) -> str | list[str]:
    return heads[0] if len(heads) == 1 else sorted(heads)[:HEADS]


def _bounded(chain: list[str]) -> list[str]:
    """Return the newest part of a chain that fits into a line; what was cut is marked, for it proves nothing."""
    kept: list[str] = []
    size = 0
    for ident in reversed(chain):
        size += len(ident.encode("utf-8", "replace")) + 4
        if size > CHAIN_BYTES:
            return [CUT, *reversed(kept)]
        kept.append(ident)
    return kept[::-1]
