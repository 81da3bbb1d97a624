"""Which text of `parity.toml` was in force when, and who brought it."""

from django.db import models
from typing_extensions import override


class PolicyVersion(models.Model):
    """A text that came into force as version `number`: reported by `environment` at `commit`, or saved by `user`."""

    project = models.ForeignKey("Project", on_delete=models.CASCADE, related_name="policy_versions")
    number = models.PositiveIntegerField()
    policy = models.ForeignKey("Policy", on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey("Environment", null=True, on_delete=models.SET_NULL, related_name="+")
    commit = models.CharField(max_length=64, blank=True)
    user = models.ForeignKey("User", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="policy_version_in_project")]

    @override
    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def short(self) -> str:
        """The first digits of the text's SHA-256."""
        return bytes(self.policy.digest).hex()[:12]
