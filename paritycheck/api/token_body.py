"""What is sent to make a token, and to change one."""

from typing import Any

from rest_framework import serializers
from typing_extensions import override

from paritycheck.core.networks import MOST
from paritycheck.services.handing_out import (
    BOUND,
    ENROL_HOURS,
    GATE_DAYS,
    MOST_USES,
    PERSONAL,
    PERSONAL_DAYS,
    REPORT_DAYS,
)

FROM = "Networks that it may be used from alone, such as `203.0.113.0/24`; none: from everywhere."
MADE_KINDS = tuple(BOUND)


def networks_field(help_text: str, *, required: bool = True) -> serializers.ListField:
    """A list of networks."""
    return serializers.ListField(child=serializers.CharField(), max_length=MOST, required=required, help_text=help_text)


class AskedTokenSerializer(serializers.Serializer[Any]):
    """A token to make."""

    kind = serializers.ChoiceField(MADE_KINDS)
    name = serializers.CharField(help_text="What it is for; of a longer one the first 80 characters are kept.")
    environment = serializers.CharField(
        required=False, allow_blank=True, help_text="Where the agents of a `report` or `enroll` token report from."
    )
    days = serializers.IntegerField(
        required=False,
        help_text=f"A gate's at most {GATE_DAYS}, which it has when left out; a report's {REPORT_DAYS}, or no end.",
    )

    hours = serializers.IntegerField(
        required=False, help_text=f"How long an `enroll` token counts, at most {ENROL_HOURS}; 1 when left out."
    )
    uses = serializers.IntegerField(
        required=False, help_text=f"How many instances an `enroll` token enrols, at most {MOST_USES}; 1 when left out."
    )

    @override
    def get_fields(self) -> dict[str, Any]:
        """With `from`, as `TokenSerializer` has it."""
        return {**super().get_fields(), "from": networks_field(FROM, required=False)}


class TokenChangeSerializer(serializers.Serializer[Any]):
    """What of a token can be changed."""

    @override
    def get_fields(self) -> dict[str, Any]:
        """`from` alone."""
        return {"from": networks_field(FROM)}


class AskedPersonalTokenSerializer(serializers.Serializer[Any]):
    """A token of one's own to make."""

    name = serializers.CharField(help_text="What it is for; of a longer one the first 80 characters are kept.")
    scopes = serializers.ListField(child=serializers.ChoiceField(PERSONAL), help_text="What it may do of what you may.")
    days = serializers.IntegerField(min_value=1, max_value=PERSONAL_DAYS)
