"""Secrets at rest: encrypted with a key that only the service's own secret yields."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Sealer:
    """Encrypts what the database must not hold in the clear.

    The key is derived from `server.secret`: what one secret sealed, another cannot open.
    """

    def __init__(self, secret: str) -> None:
        key = HKDF(SHA256(), length=32, salt=None, info=b"client secrets").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> bytes:
        """Return `text` encrypted and authenticated."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Return what was sealed; raises cryptography.fernet.InvalidToken if another secret sealed it."""
        return self._fernet.decrypt(sealed).decode()
