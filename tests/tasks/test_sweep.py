"""A round of the sweeper says whether the broker took it, so that the next one comes soon while it is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paritycheck.services.jobs import Wake

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("taken", [True, False])
def test_the_work_is_done_here_only_where_nobody_takes_it(monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:  # noqa: FBT001  a case of the test
    from paritycheck.services.jobs import ROUTE, Wake
    from paritycheck.tasks import sweep

    due = (Wake(ROUTE, "11111111-1111-4111-8111-111111111111"),)
    done: list[tuple[Wake, ...]] = []
    monkeypatch.setattr(sweep, "work_due", lambda: due)
    monkeypatch.setattr(sweep, "publish", lambda _wakes: taken)
    monkeypatch.setattr(sweep, "work_off", done.append)
    assert sweep.sweep() is taken
    assert done == ([] if taken else [due])
