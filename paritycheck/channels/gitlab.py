"""Issues of a GitLab project, gitlab.com's or a server's of one's own: one for each drift.

https://docs.gitlab.com/api/issues. The token needs the scope `api` and the role Reporter.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from paritycheck.core.channel import Answer, Envelope, Field, Request, SettingsError, accepted
from paritycheck.core.issues import LABEL, number_in, server, tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Message

SERVER: Final = "https://gitlab.com"
_PROJECT: Final = re.compile(r"[A-Za-z0-9_.-]{1,255}(?:/[A-Za-z0-9_.-]{1,255}){0,20}")
FIELDS: Final = (
    Field("project", "Project", "group/name, or its number."),
    Field("token", "Token", "Of the project, with the scope api and the role Reporter.", secret=True),
    LABEL,
    server("Server", "https://gitlab.example.com for your own.", SERVER),
)


@dataclass(frozen=True, slots=True)
class GitlabSettings:
    """Which project, where, and the token."""

    base_url: str
    project: str
    label: str
    token: str = field(repr=False)


def read(given: Mapping[str, str]) -> GitlabSettings:
    """Raises SettingsError."""
    if not _PROJECT.fullmatch(given["project"]) or ".." in given["project"]:
        raise SettingsError("project", "is written group/name, or is a number")
    return GitlabSettings(given["base_url"].rstrip("/"), given["project"], given["label"], given["token"])


def send(message: Message, envelope: Envelope, settings: GitlabSettings, post: Post) -> None:
    """Bring its issues up to date. Raises ChannelError."""
    tell(message, envelope, _Project(settings, post))


class _Project:
    """The calls of one project."""

    def __init__(self, settings: GitlabSettings, post: Post) -> None:
        self._settings = settings
        self._post = post

    def create(self, title: str, body: str) -> str:
        answer = self._call("POST", "", {"title": title, "description": body, "labels": self._settings.label})
        return number_in(answer, "iid", "GitLab")

    def comment(self, ref: str, body: str) -> None:
        self._call("POST", f"/{ref}/notes", {"body": body})

    def turn(self, ref: str, *, is_open: bool) -> None:
        self._call("PUT", f"/{ref}", {"state_event": "reopen" if is_open else "close"})

    def _call(self, method: str, path: str, document: Mapping[str, Any]) -> Answer:
        headers = {"PRIVATE-TOKEN": self._settings.token, "Content-Type": "application/json"}
        project = quote(self._settings.project, safe="")
        url = f"{self._settings.base_url}/api/v4/projects/{project}/issues{path}"
        return accepted(self._post(Request(method, url, json.dumps(document).encode(), headers)), "GitLab")
