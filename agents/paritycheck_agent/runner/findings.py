"""What `parity doctor` finds: one observation each, and what each reason for unknown means to a person."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OK, NOTE, WARNING, ERROR = "ok", "note", "warning", "error"


class Finding:
    """`area` groups; `level` is ok, note (not here, and that may be well), warning or error; `hint` says what to do.

    `code`: the exit code that `parity report` would end with for it, 0 where it is no obstacle.
    """

    __slots__ = ("area", "code", "hint", "level", "text")

    def __init__(self, area: str, level: str, text: str, hint: str = "", code: int = 0) -> None:
        self.area = area
        self.level = level
        self.text = text
        self.hint = hint
        self.code = code

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: getattr(self, name) for name in ("area", "level", "text", "hint")}


# Reason of `wire.words.REASONS`: what it means, and what helps.
REASONS = {
    "not-collected": ("not looked at", ""),
    "disabled": ("switched off in parity.toml", "[agent] collect, or probe = false of a service, turns it on again"),
    "collector-failed": ("parity itself failed here", "PARITY_DEBUG=1 parity show says where: please report it"),
    "tool-missing": ("the program that would tell is not here", "install it where the agent runs"),
    "no-git": (
        "no git repository here, and no variable of CI tells of a commit",
        "where .git is not deployed let the image set SOURCE_VERSION to the commit it is built from",
    ),
    "shallow": ("the clone is shallow", "fetch the whole history: git fetch --unshallow, or fetch-depth: 0"),
    "no-permission": ("the agent may not read it", "give its user leave to read, or run it as the application's user"),
    "auth-required": ("it wants a log-in that the configuration does not hold", "nothing is asked without one"),
    "auth-failed": ("it refused the log-in of the configuration", "the application would be refused as well"),
    "connection-refused": ("nobody listens there", "start it, or run the agent where the application runs"),
    "name-not-found": (
        "its host's name is not known here",
        "run the agent where the application runs: in the same network, or in the same container",
    ),
    "timeout": ("no answer in time", "a firewall between, or a host that hangs"),
    "tls-failed": ("TLS failed", "its certificate is not trusted here, or it speaks no TLS"),
    "bad-reply": ("what answered is something else", "see that the address leads to such a service"),
    "redacted": ("held back: it looks like a secret", ""),
    "not-asked": ("not asked for here: a marker, an extra or a group decides", ""),
    "unpinned": ("no version is pinned", "pin it: a tag such as postgres:16.9, a lock file, an exact version"),
    "unsupported-format": ("a format that is not read", ""),
    "parse-failed": ("it cannot be parsed", "see whether its own tool reads it"),
    "too-large": ("too large to send", ""),
    "no-key": ("no key for fingerprints", "`parity keygen` makes one"),
    "key-mismatch": ("fingerprints under another key", "one key for all environments of a tier"),
    "too-short": ("too short for a fingerprint", ""),
    "skew": ("instances disagree", ""),
    "stale": ("too old", ""),
    "not-comparable": ("cannot be compared", ""),
}


def meaning(reason: str) -> tuple[str, str]:
    """Return what a reason means and what helps; a new one stands for itself."""
    return REASONS.get(reason, (reason, ""))
