"""Requests to the provider of single sign-on: few seconds, few bytes, no redirect."""

from typing import Any, Final

import requests
from typing_extensions import override

MOST_BYTES: Final = 1_000_000
TIMEOUT_S: Final = 5


class BoundedSession(requests.Session):
    """A session whose answers are read up to a megabyte."""

    @override
    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises RequestException for what is too long, too late or elsewhere."""
        response = super().request(*args, **{"timeout": TIMEOUT_S, **kwargs, "stream": True, "allow_redirects": False})
        body = b""
        for chunk in response.iter_content(65_536):
            body += chunk
            if len(body) > MOST_BYTES:
                response.close()
                raise requests.RequestException("the provider's answer is too long")
        response._content = body  # noqa: SLF001  what `stream` left to be read, read within the bound
        return response
