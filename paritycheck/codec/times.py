"""Times of the wire, as instants."""

from datetime import datetime

from paritycheck_agent.wire.times import is_time, read_time


def instant(text: str) -> datetime:
    """The UTC instant of a time that the wire took: every form of RFC 3339, which is more than ISO readers take."""
    return read_time(text)


def is_instant(text: str) -> bool:
    """Whether `instant` takes it."""
    return is_time(text)
