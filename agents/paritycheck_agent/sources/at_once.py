"""Asks several servers at once, each in a thread of its own: the slowest of them is waited for, not their sum."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from typing import TypeVar

    Key = TypeVar("Key", bound=Hashable)
    Answer = TypeVar("Answer")

# A probe sees to its own end; this is for what it cannot end, such as a resolver that hangs.
_SLACK_S = 0.3


def ask(questions: Mapping[Key, Callable[[], Answer]], within_s: float) -> dict[Key, Answer]:
    """Return what each question gives; one that is not done `within_s` seconds is left out. None may raise."""
    answers: dict[Key, Answer] = {}
    if not questions:
        return answers
    import threading
    import time

    def answer(key: Key, question: Callable[[], Answer]) -> None:
        answers[key] = question()

    # Daemons: one that hangs must not keep the agent from its end.
    threads = [threading.Thread(target=answer, args=item, daemon=True) for item in questions.items()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + within_s + _SLACK_S
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    # What comes later than that is not told half.
    return dict(answers)
