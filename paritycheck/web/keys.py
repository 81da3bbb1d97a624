"""The keys and the places of the product, once: the help sheet, the script, the palette and the manual read them here.

The script takes from the sheet what each key does (`data-act`), so a key that does not stand there does nothing.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the sheet, and the act of the scripts that it starts; without one it is the browser's own."""

    key: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet."""

    keys: tuple[Key, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Place:
    """A page: the name of its address, its title, the key after `g`, its icon, and other words it is looked for by."""

    name: str
    title: str
    key: str = ""
    icon: str = "file-text"
    words: str = ""


MOVING: Final = (
    Line((Key("j", "row-next"), Key("k", "row-previous")), "next and previous row, or drift"),
    Line((Key("h", "cell-previous"), Key("l", "cell-next")), "previous and next cell of the row"),
    Line((Key("Enter"),), "open"),
    Line((Key("Esc", "back"),), "close what is open, then one page up"),
)
DOING: Final = (
    Line((Key("Ctrl K"),), "search or jump to"),
    Line((Key("/", "filter"),), "filter this page"),
    Line((Key("x", "choose"),), "choose the row, for all that are chosen at once"),
    Line((Key("w", "waive"),), "waive the drift, or those that are chosen"),
    Line((Key("c", "copy"),), "copy the link"),
    Line((Key("?", "sheet"),), "this sheet"),
)
OF_PROJECT: Final = (
    Place("matrix", "Matrix", "m", "table-2", "facts differ overview"),
    Place("time", "Time", "t", "clock", "lag commits wait lead deploys gap"),
    Place("personnel", "Personnel", "p", "users", "people authors teams who gap"),
    Place("tools", "Tools", "o", "wrench", "versions parity distance end of life laptops gap"),
    Place("factors", "Twelve factors", "f", "layers", "12 factor"),
    Place("environments", "Environments", "e", "server", "instances snapshots history"),
    Place("compare", "Compare two snapshots", "c", "git-compare", "diff versions"),
    Place("waivers", "Waivers", "w", "hourglass", "accepted exceptions"),
    Place("gates", "Gate", "v", "shield-check", "verdicts ci pull request"),
    Place("alerts", "Alerts", "a", "bell", "deliveries notifications"),
    Place("alert-channels", "Channels", "", "webhook", "alerts slack teams mail pagerduty"),
    Place("alert-subscriptions", "Subscriptions", "", "send", "alerts rules"),
    Place("alert-digests", "Digests", "", "newspaper", "alerts weekly mail"),
    Place("settings", "Settings", "s", "list-filter", "environments baseline order"),
    Place("policy", "Policy", "", "list-filter", "settings parity.toml expectations back-test"),
    Place("start", "Start", "", "rocket", "first report agent install token"),
    Place("tokens", "Tokens", "", "lock", "settings secrets trust oidc"),
    Place("members", "Members", "", "users", "settings roles people invite"),
    Place("badge", "Badge", "", "shield-check", "settings svg readme"),
    Place("audit", "Audit log", "", "file-text", "settings who changed"),
)
ELSEWHERE: Final = (
    Place("projects", "Projects", "h", "layers", "home all start"),
    Place("docs", "Manual", "d", "book-open", "help documentation docs"),
    Place("account-tokens", "Your tokens", "", "lock", "personal api secret account"),
)
GOING: Final = tuple(place for place in (*OF_PROJECT, *ELSEWHERE) if place.key)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the sheet shows, part by part."""

    moving: tuple[Line, ...] = MOVING
    doing: tuple[Line, ...] = DOING
    going: tuple[Place, ...] = GOING


SHEET: Final = Sheet()
