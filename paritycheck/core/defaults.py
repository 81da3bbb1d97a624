"""The expectations that hold where a policy says nothing (gaps.md, "Shipped defaults"), and every severity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paritycheck.core.globs import Globs
from paritycheck.core.policy import Demand
from paritycheck.core.weights import PLATFORM, SYSTEM_NAMES, is_direct, is_system_package

if TYPE_CHECKING:
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
_INSIDE: Final = frozenset({"declared", "not-installed", "not-locked", "skew", "end-of-life"})
_MAJOR: Final = 3


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
    if section == "config":
        return _config(rule, left, right)
    if section == "migrations":
        return "warning" if left.laptop or right.laptop else "error"
    return "error" if section == "runtime" and name not in SYSTEM_NAMES and not name.startswith("tool.") else "warning"


def _package(name: str, left: Side, right: Side, facts: tuple[Fact, Fact]) -> str:
    if not is_direct(name, *facts):
        return "note"
    return "error" if {left.tier, right.tier} == _PROMOTION else "warning"


def _config(rule: str, left: Side, right: Side) -> str:
    """Where production is the baseline; a secret that it shares counts whichever side it is on."""
    production = right.tier == "production" or (rule == "shared-secret" and left.tier == "production")
    return "error" if production else "warning"
