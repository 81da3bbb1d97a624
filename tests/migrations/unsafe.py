"""What a migration may not do while the service runs: lock a table for as long as it is large, or break the release
before it, which goes on running.

Reads the SQL of one migration, statement by statement. Whatever is done to a table that the same migration made is
safe: nobody knows it yet. Rules and their reasons are PostgreSQL's manual of ALTER TABLE and CREATE INDEX.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = r'(?:ONLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"?(?P<table>\w+)"?'
COLUMN = r"\bADD\s+COLUMN\s+\"?(?P<column>\w+)\"?\s+(?P<rest>(?:[^,(]|\([^()]*\))*)"
VOLATILE = r"\bDEFAULT\s+\(?(?:gen_random_uuid|clock_timestamp|random|nextval|timeofday)\b"


class Rule(NamedTuple):
    """A form of a statement that is refused, why, and what does the same without harm."""

    form: str
    why: str
    instead: str


REWRITE = "rewrites the table under its strongest lock"
READ = "reads the table under its strongest lock"
LATER = "drop it a release later"
NAMED = r"\bADD\s+(?:CONSTRAINT\s+\"?\w+\"?\s+)?"
OF_TABLES = (
    Rule(
        r"\bDROP\s+COLUMN\b",
        "the release before still reads the column",
        f"leave it out of the model now (SeparateDatabaseAndState), {LATER}",
    ),
    Rule(r"\bRENAME\b", "the release before knows the old name", f"add a new one, fill it, {LATER}"),
    Rule(
        r"\bALTER\s+COLUMN\s+\"?\w+\"?\s+(?:SET\s+DATA\s+)?TYPE\s+(?!text\b)",
        REWRITE,
        "add a column of the new type; a text with a CHECK that is NOT VALID can grow",
    ),
    Rule(
        r"\bSET\s+NOT\s+NULL\b",
        READ,
        "CHECK (... IS NOT NULL) NOT VALID, VALIDATE in the next migration, then SET NOT NULL",
    ),
    Rule(
        NAMED + r"(?:UNIQUE|PRIMARY\s+KEY)\b(?!\s+USING\s+INDEX)",
        "builds an index under the strongest lock",
        "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX",
    ),
    Rule(
        NAMED + r"(?:CHECK|FOREIGN\s+KEY|EXCLUDE)\b(?!.*\bNOT\s+VALID\b)",
        READ,
        "NOT VALID, and VALIDATE CONSTRAINT in a migration of its own",
    ),
    Rule(r"\bGENERATED\b.*\bSTORED\b|" + VOLATILE, REWRITE, "add it empty, fill it in batches"),
    Rule(r"\bSET\s+(?:TABLESPACE|LOGGED|UNLOGGED|ACCESS\s+METHOD)\b", REWRITE, "nothing: leave it"),
    Rule(r"\bDETACH\s+PARTITION\b", "locks the whole table out", "the task that tends partitions"),
)
OF_STATEMENTS = (
    Rule(
        r"^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)(?:.*?)\bON\s+" + NAME,
        "keeps writers out while it is built",
        "AddIndexConcurrently in a migration with atomic = False",
    ),
    Rule(r"^DROP\s+TABLE\s+" + NAME, "the release before still uses the table", LATER),
    Rule(r"^TRUNCATE\s+(?:TABLE\s+)?" + NAME, "locks everybody out, and what is gone is gone", "nothing: leave it"),
    Rule(r"^(?:VACUUM\s+FULL|CLUSTER|LOCK(?:\s+TABLE)?)\s+" + NAME, "locks everybody out", "nothing: leave it"),
    Rule(
        r"^(?:UPDATE|DELETE\s+FROM)\s+" + NAME,
        "holds a lock on every row until the migration ends",
        "RunPython in batches, in a migration of its own with atomic = False",
    ),
)
ALONE = (
    Rule(r"^DROP\s+INDEX\s+(?!CONCURRENTLY)", "waits under the strongest lock", "RemoveIndexConcurrently"),
    Rule(r"^REINDEX\s+(?!.*\bCONCURRENTLY\b)", "keeps writers out", "REINDEX ... CONCURRENTLY"),
)


def faults(statements: Iterable[str]) -> list[str]:
    """What is wrong with the statements of one migration, each with its reason and what to do instead."""
    known: set[str] = set()
    found: list[str] = []
    added: set[tuple[str, str]] = set()
    for statement in _plain(statements):
        made = re.match(r"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+" + NAME, statement, re.IGNORECASE)
        if made:
            known.add(made["table"])
        found += [
            f"{rule.why}; instead: {rule.instead} -- {statement[:120]}" for rule in _broken(statement, known, added)
        ]
    return found


def _plain(statements: Iterable[str]) -> Iterator[str]:
    """Without comments, on one line, one statement each."""
    for text in statements:
        lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
        for part in _parts(" ".join(lines)):
            if part.strip():
                yield " ".join(part.split())


def _parts(text: str) -> list[str]:
    """Divided at semicolons, but for those within $$ ... $$."""
    quoted = re.split(r"(\$\w*\$.*?\$\w*\$)", text, flags=re.DOTALL)
    return "".join("$$" if number % 2 else piece for number, piece in enumerate(quoted)).split(";")


def _broken(statement: str, known: set[str], added: set[tuple[str, str]]) -> Iterator[Rule]:
    yield from (rule for rule in ALONE if re.match(rule.form, statement, re.IGNORECASE))
    for rule in OF_STATEMENTS:
        said = re.match(rule.form, statement, re.IGNORECASE)
        if said and said["table"] not in known:
            yield rule
    altered = re.match(r"ALTER\s+TABLE\s+" + NAME + r"\s+(?P<what>.*)", statement, re.IGNORECASE)
    if altered and altered["table"] not in known:
        yield from (rule for rule in OF_TABLES if re.search(rule.form, altered["what"], re.IGNORECASE))
        yield from _of_columns(altered["table"], altered["what"], added)


def _of_columns(table: str, what: str, added: set[tuple[str, str]]) -> Iterator[Rule]:
    """A column that has to be filled, for which the database has no value: the release before does not write it."""
    for column in re.finditer(COLUMN, what, re.IGNORECASE):
        if re.search(r"\bNOT\s+NULL\b", column["rest"], re.IGNORECASE):
            added.add((table, column["column"]))
            if not re.search(r"\bDEFAULT\b|\bGENERATED\b", column["rest"], re.IGNORECASE):
                yield Rule("", "rows that are there have no value for it", "db_default, or null=True")
    bare = re.search(r"\bALTER\s+COLUMN\s+\"?(\w+)\"?\s+DROP\s+DEFAULT", what, re.IGNORECASE)
    if bare and (table, bare[1]) in added:
        yield Rule("", "the release before inserts rows without it", "db_default beside default")
