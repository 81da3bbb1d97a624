"""What a badge and a card say of a project: the comparison that stands for it, and the badge of an address."""

from collections.abc import Mapping

from paritycheck.core.bands import Band, tools_band
from paritycheck.core.parity import Parity
from paritycheck.models import Badge, Pair, Project
from paritycheck.selectors.columns import in_order
from paritycheck.selectors.projects import compared_pairs


def badge_at(secret: str) -> Badge | None:
    """The badge that this address shows; None for a wrong and for an ended one."""
    return Badge.objects.select_related("project__baseline").filter(secret=secret).first()


def badge_of(project: Project) -> Badge | None:
    """That of a project which the caller may see."""
    return Badge.objects.filter(project=project).first()


def pair_named(project: Project, left: str, right: str) -> Pair | None:
    """The compared pair of these two environments."""
    return compared_pairs(project).filter(left__slug=left, right__slug=right).first()


def headline_of(project: Project) -> Pair | None:
    """The comparison of the environment next to the baseline, as the list of projects shows it."""
    against = compared_pairs(project).filter(right=project.baseline_id, left__expired_at=None)
    by_left = {pair.left_id: pair for pair in against}
    near = in_order([pair.left for pair in by_left.values()], project.baseline_id)
    return by_left[near[-1].id] if near else None


def band_of(pair: Pair | None, drifts: Mapping[str, int]) -> Band:
    """The band of a pair's tools gap; `drifts` are its open ones by severity."""
    if pair is None:
        return Band.UNKNOWN
    return tools_band(Parity(pair.parity, pair.coverage), [severity for severity, count in drifts.items() if count])
