"""Headers of a mail: who it is, what it answers, which list it belongs to and how to leave that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID

_NO_LABEL: Final = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """What belongs to one copy and not to the message: `ident` is its stable name, `thread` the first mail of the same
    matter to this reader, `unsubscribe` a link that ends the subscription it comes from.
    """

    to: str
    ident: UUID
    thread: UUID | None = None
    unsubscribe: str = ""


def headers_of(copy: Copy, project: str, domain: str) -> dict[str, str]:
    """By RFC 5322 (Message-ID, References), 3834 (Auto-Submitted), 2919 (List-Id), 2369 (List-Unsubscribe) and, for
    https alone as it demands, 8058 (with one click). `domain` is the sender's; names end in it.
    """
    headers = {
        "Message-ID": f"<{copy.ident}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "List-Id": f"<{_NO_LABEL.sub('-', project.lower()) or 'project'}.paritycheck.{domain}>",
    }
    if copy.thread not in {None, copy.ident}:
        headers |= dict.fromkeys(("In-Reply-To", "References"), f"<{copy.thread}@{domain}>")
    if copy.unsubscribe:
        headers["List-Unsubscribe"] = f"<{copy.unsubscribe}>"
    if copy.unsubscribe.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
