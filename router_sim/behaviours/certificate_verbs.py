"""What `/certificate` does: signing, and the way to and from files.

Recorded or documented: the arguments, the names of the files, the counts an import returns, that a self-signed
authority is trusted. Assumed: all texts of refusals, the words of `progress`, and names of imported items.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from router_sim import x509
from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.behaviours import files
from router_sim.behaviours.certificates import (
    KEY,
    STORE,
    certificate_of,
    held_values,
    key_of,
    new_serial,
    request_of,
    signer,
)
from router_sim.behaviours.going_on import ONGOING, once
from router_sim.dates import from_seconds
from router_sim.durations import format_remaining
from router_sim.exchange import Record, Reply, Runtime
from router_sim.menus.certificates import DEFAULT_USAGE
from router_sim.schema import Menu
from router_sim.selection import SELECTORS, chosen, named
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, failure, missing, no_match, no_such_item
from router_sim.values import BadValue, Bool, ValueType, split_list

# What may still be changed once a certificate is signed.
_OPEN = frozenset({"name", "trusted", "trust-store"})
_SHORTEST_PASSPHRASE = 8


class Certificates(Behaviour):
    """Templates, certificates and what is done with them."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A signed certificate is what it is."""
        before = draft.before
        if before is None or certificate_of(before) is None:
            return
        for name in draft.given:
            if name not in _OPEN and draft.values.get(name) != before.values.get(name):
                raise failure("can not change signed certificate")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The kind of key, and how long the certificate is still good."""
        until = item.marks.get("until")
        if until is None:
            size = state.value(menu, item, "key-size")
            return {"key-type": "ec" if size in x509.CURVES else "rsa"}
        left = until - state.now().timestamp()
        return {"expires-after": format_remaining(left)} if left > 0 else {"expired": "true"}

    def verbs(self) -> Mapping[str, Verb]:
        """Signing, requests, and files."""
        return {
            "sign": Verb(_sign, ONGOING | {"number", "name", "ca", "ca-crl-host", "ca-on-smart-card", *SELECTORS}),
            "export-certificate": Verb(
                _export, frozenset({"export-passphrase", "file-name", "type", *SELECTORS})
            ),
            "import": Verb(
                _import,
                frozenset({
                    "as-value", "file-name", "name", "no-key-export", "passphrase", "trust-store", "trusted",
                }),
            ),
            "issued-revoke": Verb(_revoke, frozenset(SELECTORS)),
            "create-certificate-request": Verb(
                _request, ONGOING | {"challenge-passphrase", "key-passphrase", "template"}
            ),
            "sign-certificate-request": Verb(
                _answer, frozenset({"as-value", "ca", "days-valid", "digest-algorithm", "file-name"})
            ),
        }  # fmt: skip


def _sign(call: Call) -> Reply:
    given, state = call.command.attributes, call.state
    item = _numbered(call)
    if certificate_of(item) is not None:
        raise failure("certificate is already signed")
    if not item.values.get("common-name"):
        raise failure("common-name must be set")
    ca = _authority(call, given["ca"]) if given.get("ca") else None
    if _parsed(given, "ca-on-smart-card", Bool(), "false") == "true":
        raise failure("no smart card present")
    name = given.get("name") or item.values.get("name", "")
    taken = state.store(STORE).lookup(("name",), (name,))
    if any(other.id != item.id for other in taken):
        raise failure("certificate with the same name already exists")
    request = request_of(state, item)
    size = state.value(call.menu, item, "key-size")
    host = given.get("ca-crl-host", "")

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        if not once(given):
            yield {"progress": "starting"}
        # Large RSA keys take seconds, in which every other router would stand still.
        key = await asyncio.to_thread(x509.new_key, size) if size not in x509.CURVES else x509.new_key(size)

        def write(tx: Transaction) -> None:
            template = state.store(STORE).get(item.id)
            if template is None or certificate_of(template) is not None:
                raise no_such_item(state.version)
            values, marks = _issued(tx, request, key, ca)
            kept = {
                each: template.values[each] for each in ("trusted", "trust-store") if each in template.values
            }
            values |= {**kept, "name": name}
            if host:
                values |= {"ca-crl-host": host, "crl": "true"}
            if ca is None and "authority" in values:
                values["trusted"] = "true"
            tx.put(STORE, replace(template, values=values, marks=marks), own=True)

        runtime.write(write)
        yield {"progress": "done"}

    return Reply(stream=stream, data=True, numbered=not once(given))


def _issued(
    tx: Transaction, request: x509.Request, key: bytes, ca: Item | None
) -> tuple[dict[str, str], dict[str, float]]:
    try:
        made = x509.issue(
            request,
            key,
            serial=new_serial(),
            since=from_seconds(tx.now),
            signer=signer(ca) if ca is not None else None,
        )
        return held_values(tx.state, made, key, ca)
    except x509.X509Error as error:
        raise failure(f"can not sign: {error}") from None


def _export(call: Call) -> Reply:
    given = call.command.attributes
    kind = given.get("type", "pem")
    if kind not in ("pem", "pkcs12"):
        raise no_match("type")
    passphrase = given.get("export-passphrase", "")
    if passphrase and len(passphrase) < _SHORTEST_PASSPHRASE:
        raise failure(f"export-passphrase must be at least {_SHORTEST_PASSPHRASE} characters long")
    items = chosen(call)
    written: dict[str, bytes] = {}
    for item in items:
        written |= _exported(call, item, kind, passphrase)
    files.write_files(call.tx, written)
    return Reply()


def _exported(call: Call, item: Item, kind: str, passphrase: str) -> dict[str, bytes]:
    certificate, key = certificate_of(item), key_of(item)
    base = call.command.attributes.get("file-name") or f"cert_export_{item.values['name']}"
    if certificate is None:
        raise failure("can not export template")
    if kind == "pkcs12":
        if key is None:
            raise failure("certificate has no private key")
        whole = x509.packed(item.values["name"], x509.Signer(certificate, key), passphrase)
        return {f"{base}.p12": whole}
    written = {f"{base}.crt": certificate}
    if key is not None and passphrase:  # without a passphrase the key stays where it is
        written[f"{base}.key"] = x509.locked(key, passphrase)
    return written


def _import(call: Call) -> Reply:
    given, state, tx = call.command.attributes, call.state, call.tx
    source = _file(call)
    found, keys, failures = x509.unpack(files.content_bytes(source), given.get("passphrase", ""))
    trusted = _parsed(given, "trusted", Bool(), "true")
    stores = ""
    if "trust-store" in given and "trust-store" in call.menu.by_name:
        stores = _parsed(given, "trust-store", call.menu.by_name["trust-store"].type, "")
    base = given.get("name") or f"{source.values['name'].rpartition('/')[2]}_0"
    certificates = 0
    unused = list(keys)
    for number, certificate in enumerate(found):
        try:
            key = next((each for each in keys if x509.belongs(certificate, each)), None)
            values, marks = held_values(state, certificate, key)
        except x509.X509Error:
            continue  # of a kind routers do not know either
        unused = [each for each in unused if each != key]
        if state.store(STORE).lookup(("fingerprint",), (values["fingerprint"],)):
            continue
        values |= {"name": _free(state, base, number), "trusted": trusted, "trust-store": stores}
        tx.add(STORE, values, marks=marks, own=True)
        certificates += 1
    orphans = [each for each in unused if not _attach(tx, each)]
    return Reply(
        (
            {
                "certificates-imported": str(certificates),
                "private-keys-imported": str(len(keys) - len(orphans)),
                "files-imported": str(int(bool(found or keys))),
                "decryption-failures": str(failures),
                "keys-with-no-certificate": str(len(orphans)),
            },
        ),
        data=True,
    )


def _attach(tx: Transaction, key: bytes) -> bool:
    """Give a key to the certificate it belongs to, if the router has it."""
    for item in tx.state.store(STORE):
        certificate = certificate_of(item)
        if certificate is not None and x509.belongs(certificate, key):
            values = {**item.values, KEY: key.decode("ascii"), "private-key": "true"}
            tx.put(STORE, replace(item, values=values), own=True)
            return True
    return False


def _revoke(call: Call) -> Reply:
    items = chosen(call)
    if any("issued" not in item.values for item in items):
        raise failure("certificate is not issued by this router")
    for item in items:
        call.tx.put(STORE, replace(item, values={**item.values, "revoked": "true"}), own=True)
    return Reply()


def _request(call: Call) -> Reply:
    given, state = call.command.attributes, call.state
    if "template" not in given:
        raise missing("template")
    item = _known(call, "template")
    request = request_of(state, item)
    size = state.value(call.menu, item, "key-size")
    passphrase = given.get("key-passphrase", "")

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        key = await asyncio.to_thread(x509.new_key, size) if size not in x509.CURVES else x509.new_key(size)
        try:
            made = x509.request_pem(request, key)
        except x509.X509Error as error:
            raise failure(f"can not create request: {error}") from None

        def write(tx: Transaction) -> None:
            written = {
                "certificate-request.pem": made,
                "certificate-request_key.pem": x509.locked(key, passphrase),
            }
            files.write_files(tx, written)

        runtime.write(write)
        yield {"progress": "done"}

    return Reply(stream=stream, data=True, numbered=not once(given))


def _answer(call: Call) -> Reply:
    given, state, tx = call.command.attributes, call.state, call.tx
    if "ca" not in given:
        raise missing("ca")
    source = _file(call)
    ca = _authority(call, given["ca"])
    held = signer(ca)
    by_name = call.menu.by_name
    days = int(_parsed(given, "days-valid", by_name["days-valid"].type, "365"))
    digest = _parsed(given, "digest-algorithm", by_name["digest-algorithm"].type, "sha256")
    usage = [word for word in split_list(DEFAULT_USAGE) if word not in ("key-cert-sign", "crl-sign")]
    if held is None:
        raise no_match("ca")
    try:
        _, made = x509.answer(
            files.content_bytes(source),
            usage,
            days,
            digest,
            serial=new_serial(),
            since=from_seconds(tx.now),
            signer=held,
        )
        values, marks = held_values(state, made, None, ca)
    except x509.X509Error as error:
        raise failure(f"can not sign: {error}") from None
    base = values.get("common-name") or "issued"
    values |= {"name": _free(state, base, 0)}
    files.write_file(tx, "certificate-response.pem", made)
    tx.add(STORE, values, marks=marks, own=True)
    return Reply()


def _numbered(call: Call) -> Item:
    for name in ("number", *SELECTORS):
        if name in call.command.attributes:
            return named(call.state, call.menu, call.command.attributes[name])
    raise missing("number")


def _known(call: Call, argument: str) -> Item:
    item = call.state.item(call.menu, call.command.attributes[argument])
    if item is None:
        raise no_match(argument)
    return item


def _authority(call: Call, text: str) -> Item:
    item = _known(call, "ca")
    certificate = certificate_of(item)
    if certificate is None or signer(item) is None or not x509.is_authority(certificate):
        raise failure(f"{text} can not sign: it is no authority with a private key")
    return item


def _file(call: Call) -> Item:
    name = call.command.attributes.get("file-name")
    if name is None:
        raise missing("file-name")
    found = files.find(call.state, name)
    if found is None:
        raise no_match("file-name")
    return found


def _parsed(given: Mapping[str, str], name: str, kind: ValueType, default: str) -> str:
    try:
        return kind.parse(given.get(name, default))
    except BadValue as bad:
        raise bad_argument(bad.describe(name)) from None


def _free(state: State, base: str, number: int) -> str:
    """A name nobody has: `base`, or `base` with its last number counted up."""
    stem, _, _ = base.rpartition("_")
    name = base if number == 0 else f"{stem or base}_{number}"
    held = state.store(STORE)
    while held.holds(("name",), (name,)):
        number += 1
        name = f"{stem or base}_{number}"
    return name
