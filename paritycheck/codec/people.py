"""What is kept of an address: a key that tells persons apart and gives no address back without the server's pepper."""

import hashlib
import hmac

from paritycheck.core.people import account_of


def person_key(address: str, pepper: str) -> str:
    """HMAC-SHA256 of the account that an e-mail address or `<provider>:<login>` stands for, as 64 hex digits."""
    return hmac.digest(pepper.encode(), account_of(address).encode(), hashlib.sha256).hex()
