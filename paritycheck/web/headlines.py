"""The first lines of the pages about who is told, who may what, and by which policy: an answer with its numbers."""

from collections.abc import Iterable, Sequence

from paritycheck.models.channels import ChannelState
from paritycheck.selectors.channels import Health
from paritycheck.selectors.deliveries import Sums
from paritycheck.services.preview import Preview
from paritycheck.web.words import number, plural


def of_deliveries(sums: Sums, healths: Iterable[Health]) -> str:
    """`212 messages in 30 days, 1 waits, 1 was given up, 1 channel is off`."""
    off = sum(health.channel.state == ChannelState.OFF for health in healths)
    troubles = [
        *_some(sums.waiting, "waits", "wait"),
        *_some(sums.dead, "was given up", "were given up"),
        *_some(sums.dropped, "was not sent", "were not sent"),
        *_some(off, "channel is off", "channels are off"),
    ]
    told = f"{plural(sums.recent, 'message') if sums.recent else 'No message'} in 30 days"
    if troubles or not sums.recent:
        return ", ".join([told, *troubles])
    return f"{told}, {'it was sent' if sums.recent == 1 else 'all of them sent'}"


def of_channels(healths: Sequence[Health]) -> str:
    """`5 channels, 1 is off, 1 fails`."""
    if not healths:
        return "No channel yet, only members are told"
    states = [health.channel.state for health in healths]
    troubles = [
        *_some(states.count(ChannelState.OFF), "is off", "are off"),
        *_some(sum(health.failing for health in healths), "fails", "fail"),
        *_some(states.count(ChannelState.PENDING), "waits for its confirmation", "wait for their confirmation"),
    ]
    fine = "it is on" if len(states) == 1 else "all of them on"
    return ", ".join([plural(len(healths), "channel"), *(troubles or [fine])])


def of_subscriptions(mine: int, others: int, slug: str) -> str:
    """`9 rules, 2 of them tell you`."""
    if not mine + others:
        return f"No rule tells anybody of {slug}"
    if not others:
        return f"{plural(mine, 'rule')}, {'it tells' if mine == 1 else 'all of them tell'} you"
    yours = f"{number(mine)} of them {'tells' if mine == 1 else 'tell'} you" if mine else "none of them tells you"
    return f"{plural(mine + others, 'rule')}, {yours}"


def of_digests(following: Sequence[str]) -> str:
    """`2 digests, the next Mon 30 Nov 08:00 Europe/Berlin`; each as it says when it comes, the next first."""
    return f"{plural(len(following), 'digest')}, the next {following[0]}" if following else "No digest is scheduled"


def of_policy(version: int, mistakes: int, changed: int, preview: Preview | None) -> str:
    """What is in force and what stands under it, or what the draft would do; no version is what is shipped."""
    if mistakes or preview is None:
        stays = f"version {version} stays" if version else "the shipped expectations stay"
        return f"{plural(mistakes, 'mistake')} in this draft, {stays} in force"
    if changed:
        return of_draft(preview)
    told = f"Version {version} is" if version else "The shipped expectations are"
    return f"{told} in force, {_stand(preview.stays)} under {'it' if version else 'them'}"


def of_draft(preview: Preview) -> str:
    """What it would do: `This draft would open 2 drifts and resolve 3`."""
    verbs = (("opens", "open"), ("changes", "change"), ("resolves", "resolve"))
    acts = [(verb, preview.totals[what]) for what, verb in verbs if preview.totals[what]]
    if not acts:
        return f"This draft would move no drift, {plural(preview.stays, 'drift')} would stay"
    (verb, count), *rest = acts
    told = [f"{verb} {plural(count, 'drift')}", *(f"{verb} {number(count)}" for verb, count in rest)]
    return "This draft would " + " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))


def of_tokens(tokens: int, ending: int, places: int) -> str:
    """`3 tokens report or ask, 1 ends within 14 days, 1 pipeline comes without one`."""
    told = plural(tokens, "token") if tokens else "No token"
    parts = [told, *_some(ending, "ends within 14 days", "end within 14 days")]
    return ", ".join([*parts, *_some(places, "pipeline comes without one", "pipelines come without one")])


def of_members(members: int, owners: int, invited: int) -> str:
    """`4 members, 1 of them owner, 1 has not come yet`."""
    parts = [plural(members, "member"), *_some(owners, "owner", "owners")]
    return ", ".join([*parts, *_some(invited, "invited and not here yet", "invited and not here yet")])


def _some(count: int, one: str, many: str) -> list[str]:
    return [f"{number(count)} {one if count == 1 else many}"] if count else []


def _stand(count: int) -> str:
    return f"{plural(count, 'drift')} {'stands' if count == 1 else 'stand'}" if count else "nothing differs"
