from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck.core.expectations import judge
from paritycheck.core.facts import Fact, Side, present
from paritycheck.core.policy import default_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

CHAIN = ["0001_initial", "0002_sku", "0003_drop", "0004_index"]


def found(left: Side, right: Side) -> list[tuple[str, str, str, int | None]]:
    return [(one.name, one.rule, one.severity, one.distance) for one in judge(left, right, default_policy()).findings]


def test_the_languages_minor_is_the_same_everywhere(side: MakeSide) -> None:
    production = side("production", runtime=[present("python", "3.12.4"), present("node", "22.1.0")])
    laptop = side("development", runtime=[present("python", "3.11.9"), present("node", "22.1.7")])
    assert found(laptop, production) == [("python", "version", "error", 2)]


def test_os_libc_and_arch_are_warnings_between_servers_and_ignored_on_laptops(side: MakeSide) -> None:
    debian = [present("os", "12", kind="debian"), present("libc", "2.36", kind="glibc"), present("arch", "x86_64")]
    alpine = [present("os", "3.20", kind="alpine"), present("libc", "1.2.5", kind="musl"), present("arch", "aarch64")]
    production = side("production", runtime=debian)
    assert found(side("staging", runtime=alpine), production) == [
        ("arch", "value", "warning", 3),
        ("libc", "kind", "warning", 4),
        ("os", "kind", "warning", 4),
    ]
    assert found(side("laptops", tier="development", kind="cohort", runtime=alpine), production) == []
    assert found(side("development", runtime=alpine), production) == []


def test_nothing_is_expected_of_time_zone_locale_tools_processes_and_the_release(side: MakeSide) -> None:
    def made(slug: str, value: str) -> Side:
        return side(
            slug,
            runtime=[present("timezone", value), present("locale", value), present("tool.make", value)],
            processes=[present("web", value, kind="gunicorn")],
            release=[present("commit", value)],
        )

    judged = judge(made("staging", "1"), made("production", "2"), default_policy())
    assert judged.findings == ()
    assert {row.section for row in judged.rows if row.weight} == {"runtime"}


def migrated(head: str, *, chain: list[str] | None = None) -> list[Fact]:
    return [present("django/shop", head, code=CHAIN[-1], chain=CHAIN if chain is None else chain)]


@pytest.mark.parametrize(
    ("here", "baseline", "expected"),
    [
        ("0003_drop", "0003_drop", []),
        ("0004_index", "0003_drop", []),
        ("0002_sku", "0003_drop", [("django/shop", "behind", "error", 3)]),
        ("0003_drop", "0099_hotfix", [("django/shop", "behind", "error", 3)]),
    ],
)
def test_the_baselines_heads_are_ancestors_of_or_equal_to_this_sides(
    side: MakeSide, here: str, baseline: str, expected: list[object]
) -> None:
    staging, production = side("staging", migrations=migrated(here)), side("production", migrations=migrated(baseline))
    assert found(staging, production) == expected


def test_a_laptop_behind_is_a_warning(side: MakeSide) -> None:
    laptop = side("laptops", tier="development", kind="cohort", migrations=migrated("0002_sku"))
    assert found(laptop, side("production", migrations=migrated("0003_drop")))[0][2] == "warning"


def test_heads_without_a_chain_to_order_them_are_unknown(side: MakeSide) -> None:
    staging = side("staging", migrations=migrated("b41c", chain=[]))
    production = side("production", migrations=migrated("a90f", chain=[]))
    judged = judge(staging, production, default_policy())
    assert judged.findings == ()
    assert [(row.relation.value, row.reason) for row in judged.rows] == [("unknown", "not-comparable")]
    assert not judged.settles("migrations", "django/shop", "behind")


def test_a_chain_that_may_have_been_cut_proves_nothing(side: MakeSide) -> None:
    production = side("production", migrations=migrated("elsewhere", chain=[]))
    for cut in ([f"{number:04}" for number in range(500)], ["...", "0498", "0499"]):
        staging = side("staging", migrations=migrated("0499", chain=cut))
        assert found(staging, production) == []
    staging = side("staging", migrations=migrated("0499", chain=["0498", "0499"]))
    assert found(staging, production) != []


def test_the_other_sides_chain_orders_them_too(side: MakeSide) -> None:
    staging = side("staging", migrations=migrated("0002_sku", chain=["0001_initial", "0002_sku"]))
    production = side("production", migrations=migrated("0004_index"))
    assert found(staging, production) == [("django/shop", "behind", "error", 3)]


def test_where_nothing_is_applied_everything_applied_elsewhere_is_behind(side: MakeSide) -> None:
    staging = side("staging", migrations=[present("django/shop", chain=CHAIN)])
    assert found(staging, side("production", migrations=migrated("0001_initial"))) == [
        ("django/shop", "behind", "error", 3)
    ]
    assert found(side("staging", migrations=migrated("0001_initial")), side("production", migrations=[])) == []
