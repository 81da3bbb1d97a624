"""What may stand in an address; anything else is 404 before a view is asked."""

from django.urls import register_converter


class Text:
    """A path component as it is."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class Slug(Text):
    """A project or an environment."""

    regex = "[a-z0-9][a-z0-9-]{0,62}"


class Digest(Text):
    """A SHA-256 in hex."""

    regex = "[0-9a-f]{64}"


class DriftId(Text):
    """A drift's identity, or the first digits that pages show."""

    regex = "[0-9a-f]{10,64}"


class FileName(Text):
    """A file's path inside a checkout, of at most 251 characters; no part begins with a dot."""

    regex = r"[A-Za-z0-9@+_-][A-Za-z0-9@+._-]{0,49}(?:/[A-Za-z0-9@+_-][A-Za-z0-9@+._-]{0,48}){0,4}"


class TokenId(Text):
    """The public part of a token."""

    regex = "[0-9A-Za-z]{12}"


class BadgeSecret(Text):
    """The part of a badge's address that cannot be guessed."""

    regex = "[0-9A-Za-z_-]{32}"


class SnapshotPlace(Text):
    """What follows the environment in a snapshot's address: a number, `latest`, `~2`, `@{2.weeks.ago}`."""

    regex = r"[1-9][0-9]{0,8}|latest|~[0-9]{1,9}|@\{[^{}/]{1,40}\}"


KINDS = {
    "slug": Slug,
    "digest": Digest,
    "drift": DriftId,
    "file": FileName,
    "token": TokenId,
    "badge": BadgeSecret,
    "snapshot": SnapshotPlace,
}


def register() -> None:
    """Make them known to Django's addresses."""
    for name, converter in KINDS.items():
        register_converter(converter, f"api-{name}")
