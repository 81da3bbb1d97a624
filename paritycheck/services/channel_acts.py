"""How the audit log names what was done to a channel; never what it was told in secret."""

from typing import Any

from paritycheck.models import Channel, User
from paritycheck.services.audit import record


def record_channel(action: str, channel: Channel, by: User | None, **said: Any) -> None:
    """An entry `channel.<what happened>`; `by` None is the installation itself."""
    detail = {"id": str(channel.pk), "kind": channel.kind, "to": channel.shown, **said}
    record(action=action, by=by, project=channel.project, target=channel.name, detail=detail)
