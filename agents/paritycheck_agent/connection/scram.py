"""SCRAM-SHA-256, the client's side (RFC 5802 and RFC 7677), without channel binding."""

from __future__ import annotations

import hashlib
import hmac

# More rounds than any server asks for; a hostile one must not keep the agent busy past its deadline.
ROUNDS = 500_000
GS2_HEADER = b"n,,"


class Scram:
    """One exchange: `first` is sent, `final(server_first)` too, then `proved(server_final)` is asked."""

    def __init__(self, password: str, nonce: str) -> None:
        self.password = prepared(password).encode("utf-8", "surrogateescape")
        self.nonce = nonce
        self.first = GS2_HEADER + self._bare
        self._signature = b""

    @property
    def _bare(self) -> bytes:
        # PostgreSQL takes the user name from the start-up message and wants it empty here.
        return b"n=,r=" + self.nonce.encode()

    def final(self, server_first: bytes) -> bytes:
        """The client's final message. Raises ValueError where the server's first makes no sense."""
        import base64

        fields = _fields(server_first)
        nonce, rounds = fields["r"], int(fields["i"])
        if not nonce.startswith(self.nonce) or len(nonce) == len(self.nonce) or not 0 < rounds <= ROUNDS:
            raise ValueError
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(fields["s"], validate=True), rounds)
        bare = b"c=" + base64.b64encode(GS2_HEADER) + b",r=" + nonce.encode()
        message = b",".join([self._bare, server_first, bare])
        client_key = _mac(salted, b"Client Key")
        shown = _mac(hashlib.sha256(client_key).digest(), message)
        proof = bytes(key ^ mask for key, mask in zip(client_key, shown))
        self._signature = _mac(_mac(salted, b"Server Key"), message)
        return bare + b",p=" + base64.b64encode(proof)

    def proved(self, server_final: bytes) -> bool:
        """The server knows the password too. Raises ValueError where its message makes no sense."""
        import base64

        signature = base64.b64decode(_fields(server_final)["v"], validate=True)
        return bool(self._signature) and hmac.compare_digest(signature, self._signature)


def prepared(password: str) -> str:
    """SASLprep (RFC 4013); a password it forbids is used as it stands, as PostgreSQL does."""
    if password.isascii():
        return password
    import stringprep
    import unicodedata

    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    return password if not normal or any(_forbidden(char) for char in normal) else normal


def _forbidden(char: str) -> bool:
    import stringprep

    tables = (
        *(stringprep.in_table_a1, stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3),
        *(stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7),
        *(stringprep.in_table_c8, stringprep.in_table_c9),
    )
    return any(inside(char) for inside in tables)


def _fields(message: bytes) -> dict[str, str]:
    fields = {part[:1]: part[2:] for part in message.decode("ascii").split(",")}
    if not {"r", "s", "i"} <= fields.keys() and "v" not in fields:
        raise ValueError
    return fields


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
