"""What kind of machine this is: a host, a laptop, a container, a pod, or the runner of a pipeline."""

from __future__ import annotations

import os

from paritycheck_agent.wire.words import INSTANCE_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGES = frozenset({"container", "pod"})
"""The kinds that run an image: all that is in it was deployed."""
_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "TF_BUILD", "CIRCLECI", "DRONE")
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
_BATTERIES = "/sys/class/power_supply"


def kind_of(environ: Mapping[str, str]) -> str:
    """Return one of `host container pod runner laptop`; `PARITY_INSTANCE_KIND` decides where it is set."""
    said = environ.get("PARITY_INSTANCE_KIND", "")
    if said in INSTANCE_KINDS:
        return said
    if any(environ.get(name, "").lower() not in {"", "0", "false"} for name in _CI):
        return "runner"
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return "pod"
    if environ.get("container") or any(os.path.exists(mark) for mark in _CONTAINER_MARKS):
        return "container"
    return "laptop" if _has_battery() else "host"


def _has_battery() -> bool:
    try:
        return any(name.upper().startswith("BAT") for name in os.listdir(_BATTERIES))
    except OSError:
        return False
