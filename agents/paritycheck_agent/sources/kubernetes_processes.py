"""Process types as a cluster runs them: the containers of the application's workloads."""

from __future__ import annotations

from paritycheck_agent.sources import cluster
from paritycheck_agent.sources.kubernetes import PASSING
from paritycheck_agent.sources.process_types import Process, Read, signal_name
from paritycheck_agent.sources.programs import program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck_agent.context import Context
    from paritycheck_agent.sources.kubernetes import Container, Workload


def read(context: Context, scripts: Mapping[str, str]) -> Read:
    """A type for each container that stays; what runs for a while and ends is none. Raises Unknown with the reason."""
    found = cluster.read(context)
    if found is None:
        return Read()
    told = [one for one in cluster.applications(found) if one[1].kind not in PASSING]
    read = Read([_process(*one, scripts) for one in told], complete=bool(told) and found.whole and not found.refused)
    read.warnings += found.warnings
    return read


def _process(name: str, workload: Workload, container: Container, scripts: Mapping[str, str]) -> Process:
    """A command of the manifest takes the image's place, so that it begins with a program; arguments alone do not."""
    kind, binds = program_of(container.command, scripts, certain=True)
    process = Process(name, cluster.SOURCE, kind=kind, port=binds or bool(container.ports))
    process.reason = "unsupported-format" if container.command else "not-collected"
    process.stop_signal = signal_name(container.stop_signal)
    process.replicas, process.restarts = workload.replicas, container.restarts
    process.exit_codes = sorted(container.exit_codes)
    return process
