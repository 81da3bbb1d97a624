"""Sessions in the database by the hash of their key: who reads the table, or a copy of it, can sign in as nobody."""

from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone
from typing_extensions import override

LENGTH = 40
"""Characters of the column: 160 bits of the hash in hex."""


def hashed(key: str) -> str:
    """What stands in the row of the session with this key, of 165 random bits: a plain hash of it is enough."""
    return sha256(key.encode()).hexdigest()[:LENGTH]


class SessionStore(db.SessionStore):
    """Django's, but for what stands in the column. Named like it, because the name is part of how data is signed.

    The asynchronous half is Django's still: nothing of ours uses it, and it would find no session.
    """

    def _get_session_from_db(self) -> Any:
        there = self.model.objects.filter(expire_date__gt=timezone.now())
        row = there.filter(session_key=hashed(self.session_key)).first() if self.session_key else None
        if row is None:
            self._session_key = None
        return row

    @override
    def create_model_instance(self, data: Any) -> Any:
        row = super().create_model_instance(data)
        row.session_key = hashed(row.session_key)
        return row

    @override
    def exists(self, session_key: str) -> bool:
        return super().exists(hashed(session_key))

    @override
    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(hashed(key))
