"""A failure that nobody foresaw is still a problem document, and its number is in the log."""

import io
import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site


class UnforeseenError(Exception):
    """A bug."""


def fail(*_args: Any, **_members: Any) -> None:
    raise UnforeseenError("canary-7Qx3fL9zWm2")


PLACES = ("paritycheck.api.reports.take_report", "paritycheck.api.body.spend", "paritycheck.services.heartbeat.beat")


def ask(site: "Site", place: str) -> "Reply":
    return site.put(b'{"covers":[],"section":"services"}\n') if "spend" in place else site.post(site.report())


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the installation logs, as it would come out of stdout."""
    handler = next(handler for handler in logging.getLogger().handlers if handler.get_name() == "stdout")
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.mark.parametrize("place", PLACES)
def test_a_bug_is_a_problem_and_its_number_is_in_the_log(
    site: "Site", place: str, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    monkeypatch.setattr(place, fail)
    reply = ask(site, place)
    assert (reply.status, reply.code) == (500, "internal-error")
    number = reply.json()["instance"].removeprefix("urn:uuid:")
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert line["request_id"] == number
    assert "UnforeseenError" in line["exception"]


def test_a_bug_of_the_short_path_alone_is_not_even_seen(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paritycheck.api.heartbeat._beaten", fail)
    assert site.post(site.report()).status == 202
