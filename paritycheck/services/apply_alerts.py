"""Brings channels and subscriptions of a project to their terms, by the same verbs as everybody else."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from paritycheck.core.project_terms import Asked, ChannelTerms
from paritycheck.core.subscriptions import AT_ONCE, SubscriptionTerms
from paritycheck.models import Channel, Subscription, User
from paritycheck.selectors.recipients import terms_of
from paritycheck.services.apply_changes import ADD, CHANGE, Work, person
from paritycheck.services.channels import add_channel, change_channel, made_secret, remove_channel
from paritycheck.services.errors import Refused
from paritycheck.services.sealed import SealError, settings_of
from paritycheck.services.subscriptions import BY_HAND, add_subscription, change_subscription, end_subscription

Owner = tuple[str, str]
"""`member` and an address, or `channel` and a name."""


def bring_channels(work: Work, wanted: tuple[ChannelTerms, ...], line: int) -> None:
    """By their names."""
    for terms in wanted:
        work.attempt(terms.line, partial(_channel, work, terms))
    for row in work.project.channels.exclude(name__in=[terms.name for terms in wanted]).order_by("name"):
        work.surplus("channel", row.name, partial(_remove, work, row), line, row.kind)


def _remove(work: Work, row: Channel) -> None:
    remove_channel(channel=row, by=person(work), now=work.now)


def _channel(work: Work, terms: ChannelTerms) -> None:
    found = Channel.objects.select_related("project").filter(project=work.project, name=terms.name).first()
    if found is not None and found.kind != terms.kind:
        said = f"this channel is there as {found.kind}, and channels do not change their kind: name it anew"
        raise Refused("bad-parameter", 400, said)
    settings = {name: work.settled(setting) for name, setting in terms.settings.items()}
    if found is None:
        by = person(work)
        kind, name, now = terms.kind, terms.name, work.now
        made = add_channel(project=work.project, kind=kind, name=name, settings=settings, by=by, now=now)
        waits = ", waits for its confirmation" if made.state == "pending" else ""
        work.note(ADD, "channel", name, f"{kind}{f' {made.shown}' if made.shown else ''}{waits}")
        secret = None if settings.get("secret") else made_secret(made)
        if secret:
            work.reveal("signing secret", name, secret)
        return
    before = _told(found)
    moved = {name: value for name, value in settings.items() if before.get(name, "") != value.strip()}
    if moved:
        change_channel(channel=found, by=person(work), now=work.now, settings=moved)
        work.note(CHANGE, "channel", terms.name, f"other {', '.join(sorted(moved))}")


def _told(channel: Channel) -> dict[str, str]:
    try:
        return settings_of(channel)
    except SealError as error:
        raise Refused(
            "unavailable", 503, f"FIELD_KEY of this server {error.reason}, so it cannot be compared"
        ) from None


def bring_subscriptions(work: Work, wanted: tuple[Asked, ...], line: int) -> None:
    """Of each member and channel that the file names here: equal ones stay, of the others those of the same `when`
    change, the first into the first; members whom it does not name here keep what they chose.
    """
    by_owner: dict[Owner, list[Asked]] = defaultdict(list)
    for asked in wanted:
        by_owner[("member", asked.member) if asked.member else ("channel", asked.channel)].append(asked)
    for owner, several in by_owner.items():
        work.attempt(several[0].line, partial(_bring_of, work, owner, several, line))


def _bring_of(work: Work, owner: Owner, wanted: list[Asked], line: int) -> None:
    user, channel = _found(work, owner)
    rows = Subscription.objects.select_related("user", "channel").filter(
        project=work.project, user=user, channel=channel, ended_at=None
    )
    living = list(rows.order_by("made_at", "pk"))
    rest = [asked for asked in wanted if not _take(living, partial(_equal, asked.terms))]
    name = owner[1]
    for asked in rest:
        row = _take(living, partial(_same_when, asked.terms))
        if row is None:
            work.attempt(asked.line, partial(_add, work, name, user, channel, asked))
        else:
            work.attempt(asked.line, partial(_change, work, name, row, asked))
    for row in living:
        end = partial(end_subscription, subscription=row, why=BY_HAND, now=work.now)
        work.surplus("subscription", name, end, line, words(terms_of(row)))


def _found(work: Work, owner: Owner) -> tuple[User | None, Channel | None]:
    kind, name = owner
    if kind == "member":
        user = User.objects.filter(memberships__project=work.project, email=name).first()
        if user is None:
            raise Refused("bad-parameter", 400, "the subscription is of somebody who is no member of the project")
        return user, None
    channel = work.project.channels.filter(name=name).first()
    if channel is None:
        raise Refused("bad-parameter", 400, "the subscription is of a channel that the project does not have")
    return None, channel


def _take(rows: list[Subscription], fits: Callable[[Subscription], bool]) -> Subscription | None:
    """The first that fits, taken out."""
    for index, row in enumerate(rows):
        if fits(row):
            return rows.pop(index)
    return None


def _equal(terms: SubscriptionTerms, row: Subscription) -> bool:
    return terms_of(row) == terms


def _same_when(terms: SubscriptionTerms, row: Subscription) -> bool:
    return row.when == terms.when


def _add(work: Work, name: str, user: User | None, channel: Channel | None, asked: Asked) -> None:
    by, terms = person(work), asked.terms
    add_subscription(project=work.project, user=user, channel=channel, terms=terms, by=by, now=work.now)
    work.note(ADD, "subscription", name, words(terms))


def _change(work: Work, name: str, row: Subscription, asked: Asked) -> None:
    before = terms_of(row)
    change_subscription(subscription=row, terms=asked.terms, by=person(work), now=work.now)
    work.note(CHANGE, "subscription", name, f"{words(before)} -> {words(asked.terms)}")


def words(terms: SubscriptionTerms) -> str:
    """What tells it from others: `at once, from error`, `digest 0 8 * * 1 UTC, from note, services/*`."""
    when = "at once" if terms.when == AT_ONCE else f"digest {terms.cron} {terms.timezone}"
    chosen: Iterable[str] = (*terms.gaps, *terms.environments, *terms.pairs, *terms.names)
    quiet = f"quiet {terms.quiet_from:%H:%M} to {terms.quiet_to:%H:%M}" if terms.quiet_from and terms.quiet_to else ""
    own = "owned only" if terms.only_owned else ""
    said = "" if terms.skip_unchanged or terms.when == AT_ONCE else "also unchanged"
    return ", ".join(filter(None, (when, f"from {terms.at_least}", *chosen, own, quiet, said)))
