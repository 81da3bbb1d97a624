"""What a page with one form shows beside what it always does."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shown:
    """The form as it was sent, what is wrong with it, or a secret, this once; and the status of the answer."""

    form: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    secret: str = ""
    status: int = 200
