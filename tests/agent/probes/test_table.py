"""Nobody adds a probe without saying how it finds a version and on what that was seen."""

from __future__ import annotations

from paritycheck_agent.collectors.services import PROBES
from paritycheck_agent.wire.words import SERVER_KINDS
from tests.agent.probes.table import ROWS


def test_every_probed_kind_has_its_row() -> None:
    assert ROWS.keys() == PROBES.keys()
    assert set(SERVER_KINDS) >= ROWS.keys()


def test_a_row_says_when_and_on_what() -> None:
    for kind, (how, when, seen) in ROWS.items():
        assert how, kind
        assert when in {"before", "after"}, kind
        assert seen.startswith(("real: ", "recording: ")), kind


def test_each_module_answers_to_the_kinds_that_lead_to_it() -> None:
    for kind, name in PROBES.items():
        assert kind in __import__(name, fromlist=["KINDS"]).KINDS
