"""What is asked for where a channel is made or changed."""

from typing import Any

from rest_framework import serializers

from paritycheck.services.channels import KINDS, invalid
from paritycheck.services.errors import Refused
from paritycheck_agent.wire.reading import read_json

CHANNEL_KINDS = tuple(KINDS)


class AskedChannelSerializer(serializers.Serializer[Any]):
    """A channel to make. `settings` has the fields of its kind, as the manual lists them, each a text."""

    kind = serializers.ChoiceField(CHANNEL_KINDS)
    name = serializers.CharField(help_text="Of a longer one the first 80 characters are kept.")
    settings = serializers.DictField(child=serializers.CharField())


class ChannelChangeSerializer(serializers.Serializer[Any]):
    """What to change; a setting that is left out stays as it is."""

    name = serializers.CharField(required=False)
    settings = serializers.DictField(child=serializers.CharField(), required=False)
    state = serializers.ChoiceField(("on", "off"), required=False)


def read_asked(data: bytes, known: dict[str, type]) -> dict[str, Any]:
    """The members of the body, of these types. Raises Refused(unknown-field, invalid-channel)."""
    said = read_json(data)
    if not isinstance(said, dict):
        raise Refused("invalid-channel", 422, "a channel is an object", errors=[{"pointer": "", "detail": "an object"}])
    if set(said) - set(known):
        raise Refused("unknown-field", 422, f"a field is not known; known here: {', '.join(sorted(known))}")
    for name, value in said.items():
        if not isinstance(value, known[name]):
            raise invalid(name, "is a text" if known[name] is str else "is an object of texts")
    if not all(isinstance(value, str) for value in said.get("settings", {}).values()):
        raise invalid("settings", "is an object of texts")
    return said
