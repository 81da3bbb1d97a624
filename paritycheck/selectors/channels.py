"""Where a project's alerts go, and how each of these places fares."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from paritycheck.models import Channel, Project
from paritycheck.models.channels import ChannelState
from paritycheck.selectors.deliveries import Traffic, traffic_of


@dataclass(frozen=True, slots=True)
class Health:
    """A channel, what waits for it, how many of its threads (issues, incidents) are open, how many rules tell it."""

    channel: Channel
    traffic: Traffic
    threads: int
    rules: int

    @property
    def failing(self) -> bool:
        """Whether it is on, and everything since its last success failed."""
        return self.channel.state == ChannelState.ON and self.channel.failing_since is not None


def channels_of(project: Project) -> list[Channel]:
    """By name."""
    return list(Channel.objects.filter(project=project).order_by("name"))


def find_channel(project: Project, ident: UUID) -> Channel | None:
    """One of the project's own."""
    return Channel.objects.filter(project=project, pk=ident).first()


def healths_of(project: Project) -> tuple[list[Health], Traffic]:
    """Every channel's, those that need a look first, and that of members' own mail; three queries."""
    traffic = traffic_of(project)
    rows = Channel.objects.filter(project=project).annotate(
        open_threads=Count("threads", filter=Q(threads__is_open=True), distinct=True),
        rules=Count("subscriptions", filter=Q(subscriptions__ended_at=None), distinct=True),
    )
    found = [Health(row, traffic.get(row.pk, Traffic()), row.open_threads, row.rules) for row in rows]
    return sorted(found, key=_order), traffic[None]


def _order(health: Health) -> tuple[bool, bool, str]:
    return (health.channel.state != ChannelState.OFF, not health.failing, health.channel.name)
