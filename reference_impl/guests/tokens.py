"""What the portal gives into the hands of browsers and knows again: signed."""

import hashlib

from itsdangerous import BadData, Signer, URLSafeSerializer


class GuestTokens:
    """Signs the state of sign-ins and what the page after a login shows."""

    def __init__(self, secret: str) -> None:
        self._states = Signer(secret, salt="sign-in state")
        self._connected = URLSafeSerializer(secret, salt="connected")

    def state(self, sign_in_id: str) -> str:
        """Return the `state` of an authorization request."""
        return self._states.sign(sign_in_id).decode()

    def sign_in_of(self, state: str) -> str | None:
        """Return the id of the sign-in a state belongs to, or None if it is not one of ours."""
        try:
            return self._states.unsign(state).decode()
        except (BadData, UnicodeError):
            return None

    def connected(self, instance_id: str, destination: str | None) -> str:
        """Return what the page after a login needs: so nobody can make it offer a link of their own."""
        return self._connected.dumps([instance_id, destination])

    def destination_of(self, instance_id: str, token: str) -> str | None:
        """Return where a guest of the instance wanted to go; None if nowhere or the token is not ours."""
        try:
            named, destination = self._connected.loads(token)
        except (BadData, UnicodeError):
            return None
        return destination if named == instance_id and isinstance(destination, str) else None


def digest(secret: str) -> str:
    """Return what is stored of a browser's secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
