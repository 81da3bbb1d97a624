"""Issues of a GitHub repository, GitHub's own or an enterprise server's: one for each drift.

https://docs.github.com/rest/issues. The token needs write access to issues and nothing else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.channel import Answer, Envelope, Field, Request, SettingsError, accepted
from paritycheck.core.issues import LABEL, number_in, server, tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Message

API: Final = "https://api.github.com"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
FIELDS: Final = (
    Field("repository", "Repository", "owner/name"),
    Field("token", "Token", "Fine-grained, of this repository, with write access to issues.", secret=True),
    LABEL,
    server("API", "https://github.example.com/api/v3 for a server of your own.", API),
)


@dataclass(frozen=True, slots=True)
class GithubSettings:
    """Which repository, where, and the token."""

    base_url: str
    repository: str
    label: str
    token: str = field(repr=False)


def read(given: Mapping[str, str]) -> GithubSettings:
    """Raises SettingsError."""
    if not _REPOSITORY.fullmatch(given["repository"]) or ".." in given["repository"]:
        raise SettingsError("repository", "is written owner/name")
    return GithubSettings(given["base_url"].rstrip("/"), given["repository"], given["label"], given["token"])


def send(message: Message, envelope: Envelope, settings: GithubSettings, post: Post) -> None:
    """Bring its issues up to date. Raises ChannelError."""
    tell(message, envelope, _Repository(settings, post))


class _Repository:
    """The calls of one repository."""

    def __init__(self, settings: GithubSettings, post: Post) -> None:
        self._settings = settings
        self._post = post

    def create(self, title: str, body: str) -> str:
        labels = [self._settings.label] if self._settings.label else []
        answer = self._call("POST", "", {"title": title, "body": body, "labels": labels})
        return number_in(answer, "number", "GitHub")

    def comment(self, ref: str, body: str) -> None:
        self._call("POST", f"/{ref}/comments", {"body": body})

    def turn(self, ref: str, *, is_open: bool) -> None:
        why = {} if is_open else {"state_reason": "completed"}
        self._call("PATCH", f"/{ref}", {"state": "open" if is_open else "closed", **why})

    def _call(self, method: str, path: str, document: Mapping[str, Any]) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._settings.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Content-Type": "application/json",
        }
        url = f"{self._settings.base_url}/repos/{self._settings.repository}/issues{path}"
        return accepted(self._post(Request(method, url, json.dumps(document).encode(), headers)), "GitHub")
