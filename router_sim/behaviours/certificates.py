"""Certificates on the router: what they print, who holds a key, and what TLS is served with.

A template becomes a certificate by `sign`. Keys are kept in the item and never printed. Times are those of the
router's clock, so a certificate made on a router whose clock stands elsewhere is valid there. Keys come from
the operating system's random source.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address

from router_sim import x509
from router_sim.dates import format_moment, from_seconds
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.values import split_list

STORE = "/certificate"
# Values under names that no property has, so nothing ever prints them: PEM texts.
CERTIFICATE = " certificate"
KEY = " key"
LONGEST_CHAIN = 8


def certificate_of(item: Item) -> bytes | None:
    """The certificate in PEM; None for a template."""
    held = item.values.get(CERTIFICATE)
    return held.encode("ascii") if held else None


def key_of(item: Item) -> bytes | None:
    """The private key in PEM, if the router has it."""
    held = item.values.get(KEY)
    return held.encode("ascii") if held else None


def signer(item: Item) -> x509.Signer | None:
    """The item as one that can sign; None where certificate or key are missing."""
    certificate, key = certificate_of(item), key_of(item)
    return x509.Signer(certificate, key) if certificate and key else None


def tls_identity(state: State, key_or_name: str) -> tuple[bytes, bytes] | None:
    """What a service with this certificate shows to TLS clients: its chain and its key, both PEM.

    `key_or_name` is an identifier (`*1`) or a name; None for `none`, for a template, for a certificate whose
    key the router lacks and for one that is gone. The chain begins with the certificate itself.
    """
    item = state.item(state.menus[STORE], key_or_name) if key_or_name not in ("", "none") else None
    key = key_of(item) if item is not None else None
    if item is None or key is None:
        return None
    chain: list[bytes] = []
    link: Item | None = item
    while link is not None and len(chain) < LONGEST_CHAIN:
        held = certificate_of(link)
        if held is None:
            break
        chain.append(held)
        link = state.item(state.menus[STORE], link.values.get("ca", ""))
    return (b"".join(chain), key) if chain else None


def self_signed(
    tx: Transaction,
    name: str,
    *,
    common_name: str,
    addresses: Sequence[str] = (),
    since: datetime | None = None,
) -> Item:
    """A signed certificate for a server at once, as a laboratory needs one: EC P-256, valid for ten years.

    They begin now, or with `since`. `addresses` are IP addresses or DNS names it is good for besides
    `common_name`. A certificate that has the name already is replaced.
    """
    alternatives = [_alternative(each) for each in dict.fromkeys(addresses)]
    usage = ("digital-signature", "key-encipherment", "key-cert-sign", "crl-sign", "tls-server")
    request = x509.Request({"common-name": common_name}, alternatives, usage, days=3650)
    key = x509.new_key("prime256v1")
    made = x509.issue(request, key, serial=new_serial(), since=since or from_seconds(tx.now))
    values, marks = held_values(tx.state, made, key)
    values |= {"name": name, "trusted": "true"}
    old = tx.state.store(STORE).lookup(("name",), (name,))
    if old:
        item = Item(old[0].id, values, marks=marks)
        tx.put(STORE, item)
        return item
    return tx.add(STORE, values, marks=marks)


def new_serial() -> int:
    """A serial number nobody has: 63 random bits, never 0."""
    return secrets.randbits(63) | 1


def held_values(
    state: State, certificate: bytes, key: bytes | None, ca: Item | None = None
) -> tuple[dict[str, str], dict[str, float]]:
    """Values and marks of an item with this certificate: everything that can be read from it.

    Raises X509Error if it cannot be read.
    """
    values = x509.describe(certificate)
    begin, end = x509.validity(certificate)
    values["invalid-before"] = format_moment(begin, state.version)
    values["invalid-after"] = format_moment(end, state.version)
    values[CERTIFICATE] = certificate.decode("ascii")
    if key is not None:
        values[KEY] = key.decode("ascii")
        values["private-key"] = "true"
    if ca is not None:
        values["ca"] = ca.key
        values["issued"] = "true"
    else:
        issuer = x509.issuer_of(certificate)
        if issuer:
            values["issuer"] = issuer
    if x509.is_authority(certificate):
        values["authority"] = "true"
    return values, {"until": end.timestamp()}


def request_of(state: State, item: Item) -> x509.Request:
    """What a template asks for."""
    menu = state.menus[STORE]
    value = {
        name: state.value(menu, item, name) for name in menu.by_name if menu.by_name[name].default is not None
    }
    return x509.Request(
        {name: value[name] for name, _, _ in x509.NAME_PARTS},
        split_list(value["subject-alt-name"]),
        split_list(value["key-usage"]),
        int(value["days-valid"]),
        value["digest-algorithm"],
    )


def _alternative(text: str) -> str:
    try:
        return f"IP:{ip_address(text)}"
    except ValueError:
        return f"DNS:{text}"
