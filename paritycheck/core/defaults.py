"""The expectations that hold where a policy says nothing (gaps.md, "Shipped defaults"), and every severity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paritycheck.core.facts import PROCESS_ATTRIBUTES, State
from paritycheck.core.globs import Globs
from paritycheck.core.policy import Demand
from paritycheck.core.weights import PLATFORM, SYSTEM_NAMES, is_direct, is_system_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paritycheck.core.facts import Fact, Side

_PER_ENVIRONMENT: Final = (
    "CI", "CI_*", "COLUMNS", "COMPOSE_*", "DOCKER_*", "DYNO", "GITHUB_*", "GITLAB_*", "GPG_KEY", "HOME", "HOST",
    "HOSTNAME", "INVOCATION_ID", "KUBERNETES_*", "LINES", "LOGNAME", "MAIL", "NODE_NAME", "OLDPWD", "PARITY_*", "PATH",
    "POD_IP", "POD_NAME", "POD_NAMESPACE", "PS1", "PWD", "RUNNER_*", "SHELL", "SHLVL", "SSH_*", "TERM", "TMP", "TMPDIR",
    "TEMP", "USER", "VIRTUAL_ENV", "XDG_*", "*_SERVICE_HOST", "*_SERVICE_PORT", "*_SERVICE_PORT_*", "_",
)  # fmt: skip
_OF_THE_IMAGE: Final = (
    "PYTHON_VERSION", "PYTHON_SHA256", "PYTHON_PIP_VERSION", "PYTHON_SETUPTOOLS_VERSION", "PYTHON_GET_PIP_*",
    "NODE_VERSION", "YARN_VERSION", "RUBY_VERSION", "RUBY_MAJOR", "RUBY_DOWNLOAD_*", "GEM_HOME", "GEM_PATH",
    "BUNDLE_APP_CONFIG", "BUNDLE_SILENCE_ROOT_WARNING", "NVM_*", "PYENV_*", "RBENV_*", "JOURNAL_STREAM", "SYSTEMD_*",
)  # fmt: skip
"""What official images, version managers and systemd say of themselves; the versions among them are runtime facts."""
_SECRETS: Final = ("SECRET_KEY", "*_TOKEN", "*_PASSWORD")
CONFIG: Final[Globs[Demand]] = Globs(
    [(name, Demand("ignore")) for name in (*_PER_ENVIRONMENT, *_OF_THE_IMAGE)]
    + [(name, Demand("must-differ")) for name in _SECRETS]
)
"""Names that describe where a process runs are nobody's drift; secrets are not shared between tiers."""
_PROMOTION: Final = frozenset({"staging", "production"})
_INSIDE: Final = frozenset({"declared", "not-installed", "not-locked", "skew"})
_MAJOR: Final = 3
SUPPORT_ENDS_SOON_DAYS: Final = 90
"""From so many days before its end, what runs is a warning; after it an error."""


def expectation(section: str, name: str, left: Side, right: Side, facts: tuple[Fact, Fact]) -> str | None:
    """The shipped expectation of a fact; None for facts of which nothing is expected, such as the release's."""
    laptop = left.laptop or right.laptop
    if section == "services":
        return "same" if "." in name else "same-minor"
    if section == "dependencies":
        if laptop and is_system_package(name):
            return "ignore"
        promotion = {left.tier, right.tier} == _PROMOTION
        return "same" if promotion and is_direct(name, *facts) else "same-minor"
    if section == "runtime":
        return _runtime(name, laptop=laptop)
    if section == "processes":
        return None if name.endswith(PROCESS_ATTRIBUTES) else "present"
    return {"config": "present", "migrations": "same-minor"}.get(section)


def _runtime(name: str, *, laptop: bool) -> str | None:
    if name in PLATFORM:
        return "ignore" if laptop else "same"
    return None if name in SYSTEM_NAMES or name.startswith("tool.") else "same-minor"


def severity(key: tuple[str, str, str], distance: int, left: Side, right: Side, facts: tuple[Fact, Fact]) -> str:
    """Of a violated expectation; `key` is section, name and rule."""
    section, name, rule = key
    if rule in _INSIDE and not (section == "dependencies" and is_system_package(name)):
        return "warning"
    if section == "services":
        return "error" if rule == "shared-resource" or ("." not in name and distance >= _MAJOR) else "warning"
    if section == "dependencies":
        return _package(name, left, right, facts)
    if section in _BY_SECTION:
        return _BY_SECTION[section](rule, left, right, facts)
    return "error" if section == "runtime" and name not in SYSTEM_NAMES and not name.startswith("tool.") else "warning"


def _package(name: str, left: Side, right: Side, facts: tuple[Fact, Fact]) -> str:
    if not is_direct(name, *facts):
        return "note"
    return "error" if {left.tier, right.tier} == _PROMOTION else "warning"


def _migration(_rule: str, left: Side, right: Side, _facts: tuple[Fact, Fact]) -> str:
    """Whoever pulls a change migrates before working on: inside a laptop that is a note."""
    if left.laptop or right.laptop:
        return "note" if left.slug == right.slug else "warning"
    return "error"


def _process(rule: str, left: Side, right: Side, facts: tuple[Fact, Fact]) -> str:
    """Another server than the baseline's counts most where a release is tested last. Laptops run what suits them, and a
    type that the baseline has not yet is what the next release brings.
    """
    if left.laptop or right.laptop:
        return "note"
    if rule == "missing" and facts[1].state is State.ABSENT:
        return "note"
    return "error" if rule == "kind" and {left.tier, right.tier} == _PROMOTION else "warning"


def support_severity(section: str, name: str, side: Side, *, over: bool, stale: bool) -> str | None:
    """Of what is past the end of its support (`over`) or near it. Dates that nobody checked for long (`stale`) are told
    as a note, and so is what a laptop runs; its system is its owner's, of which nothing is said.
    """
    if side.laptop and section == "runtime" and name in SYSTEM_NAMES:
        return None
    if stale or side.laptop:
        return "note"
    return "error" if over else "warning"


def _config(rule: str, left: Side, right: Side, _facts: tuple[Fact, Fact]) -> str:
    """Where production is the baseline; a secret that it shares counts whichever side it is on."""
    production = right.tier == "production" or (rule == "shared-secret" and left.tier == "production")
    return "error" if production else "warning"


_BY_SECTION: Final[Mapping[str, Callable[[str, Side, Side, tuple[Fact, Fact]], str]]] = {
    "config": _config,
    "migrations": _migration,
    "processes": _process,
}
