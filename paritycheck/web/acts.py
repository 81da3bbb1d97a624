"""What the palette does beside leading somewhere. Each is a link or a form as well, and works without a script."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Act:
    """`act` is the script's (`parity.acts`), `leads` the page for those without one. `field` and `value` are those of
    the form that does it, `sign-out` that of signing out.
    """

    says: str
    icon: str
    words: str = ""
    act: str = ""
    keys: tuple[str, ...] = ()
    leads: str = ""
    query: str = ""
    field: str = ""
    value: str = ""
    of_project: bool = False


ACTS: Final = (
    Act("Waive the chosen drift", "hourglass", "accept exception", "waive", ("w",), "waivers", of_project=True),
    Act("Compare two snapshots", "git-compare", "diff", "", ("g", "c"), "compare", of_project=True),
    Act("Show only errors", "list-filter", "filter severity", leads="matrix", query="?severity=error", of_project=True),
    Act("Copy the link of this page", "link", "address url share", "copy", ("c",)),
    Act("Show all keys", "list-filter", "help shortcuts keyboard", "sheet", ("?",)),
    Act("Change to dark", "moon", "theme night look", field="theme", value="dark"),
    Act("Change to light", "sun-moon", "theme day look", field="theme", value="light"),
    Act("Look as the system does", "sun-moon", "theme dark light", field="theme", value="system"),
    Act("Comfortable rows", "rows-3", "density look", field="density", value="comfortable"),
    Act("Dense rows", "rows-3", "density look", field="density", value="system"),
    Act("Switch single keys off", "x", "shortcuts keyboard", field="keys", value="off"),
    Act("Switch single keys on", "check", "shortcuts keyboard", field="keys", value="system"),
    Act("Sign out", "log-out", "log out leave session", field="sign-out"),
)
