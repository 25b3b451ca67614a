"""TLS on the services of a router: its own certificate, or none at all.

A service without a certificate offers nothing but anonymous Diffie-Hellman, as routers do: clients have to ask
for it (`ADH`, TLS 1.2 at most, and in OpenSSL security level 0). All others fail in the handshake.

Source: the manual's page on the API. Assumed: the group of the exchange, and that `www-ssl` without a
certificate behaves alike.
"""

from __future__ import annotations

import ssl
import tempfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Final

from router_sim.behaviours.certificates import self_signed
from router_sim.router import Router
from router_sim.services import MENU, SECURE
from router_sim.transaction import Transaction

Identity = tuple[bytes, bytes]

ANONYMOUS_CIPHERS: Final = "ADH:@SECLEVEL=0"

# ffdhe2048 of RFC 7919, as parameters in the form of PKCS 3.
_GROUP: Final = """-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""


class TlsContexts:
    """Server contexts by what they show, made when first needed; the least used of many are forgotten."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._held: OrderedDict[tuple[Identity | None, bool], ssl.SSLContext] = OrderedDict()

    def context(self, identity: Identity | None, *, only_tls_1_2: bool = False) -> ssl.SSLContext:
        """The context for a certificate chain and its key, both PEM, or for none."""
        key = (identity, only_tls_1_2)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _anonymous() if identity is None else _certified(identity, only_tls_1_2)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return held


def certify(router: Router, address: str) -> None:
    """Give a router a certificate of its own for `address`, on both services that have TLS, and turn them on.

    A service that has a certificate already keeps it.
    """

    def change(tx: Transaction) -> None:
        store = tx.state.store(MENU)
        bare = [
            item
            for item in store
            if item.values.get("name") in SECURE and item.values.get("certificate", "none") == "none"
        ]
        if not bare:
            return
        # The clock may have been advanced since, and that of the client was not.
        since = tx.state.booted
        made = self_signed(tx, "lab", common_name=address, addresses=(address,), since=since)
        for item in bare:
            values = {**item.values, "certificate": made.key, "disabled": "false"}
            tx.put(MENU, replace(item, values=values))

    router.write(change)


def _certified(identity: Identity, only_tls_1_2: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if only_tls_1_2:
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    # The library reads certificates from files alone; these are gone before anybody connects.
    with tempfile.TemporaryDirectory(prefix="router-") as folder:
        chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
        chain.write_bytes(identity[0])
        key.write_bytes(identity[1])
        context.load_cert_chain(chain, key)
    return context


def _anonymous() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ANONYMOUS_CIPHERS)
    with tempfile.TemporaryDirectory(prefix="router-") as folder:
        group = Path(folder, "group.pem")
        group.write_text(_GROUP)
        context.load_dh_params(str(group))
    return context
