"""Certificates and their templates.

Names and defaults are those of RouterOS 7.22.3. What is taken out of a signed certificate is kept as values of
the item like everything else; the certificate and its key are kept beside them under names no property has.
"""

from ipaddress import ip_address

from router_sim.schema import LIST, Menu, Presence, Property, Span, Unique, about, flag, shown
from router_sim.values import BadValue, Bool, Choice, Flags, Int, Listed, Reference, Text
from router_sim.x509 import CURVES, USAGES

SET = Presence.SET
TRUE = Presence.TRUE
STORE = "/certificate"
KEY_SIZES = ("1024", "1536", "2048", "4096", "8192", *CURVES)
DEFAULT_USAGE = (
    "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,tls-server,tls-client"
)
TRUST_STORES = (
    "all", "ipsec", "wpa-eap", "capsman", "fetch", "sstp", "ovpn", "mqtt", "email", "netwatch", "radius",
    "container", "userman", "lora", "openflow", "tr069", "dot1x", "dns", "www", "api", "reverse-proxy",
)  # fmt: skip
_ACME = Span(since="7.22")


class Alternative:
    """One more name of the owner: `DNS:name`, `IP:address` or `email:address`."""

    def parse(self, text: str) -> str:
        """`text` itself if it is one, addresses in their short form. Raises BadValue."""
        kind, colon, value = text.partition(":")
        if not colon or not value or not value.isascii() or kind not in ("DNS", "IP", "email"):
            raise BadValue
        if kind == "IP":
            try:
                return f"IP:{ip_address(value)}"
            except ValueError:
                raise BadValue from None
        return text


CERTIFICATE = Menu(
    STORE,
    (
        Property("name", Text()),
        shown("issuer", "", SET),
        Property("digest-algorithm", Choice(("md5", "sha1", "sha256", "sha384", "sha512")), "sha256"),
        shown("key-type"),
        Property("country", Text(), "", SET),
        Property("state", Text(), "", SET),
        Property("locality", Text(), "", SET),
        Property("organization", Text(), "", SET),
        Property("unit", Text(), "", SET),
        Property("common-name", Text(), ""),
        Property("key-size", Choice(KEY_SIZES), "2048"),
        Property("subject-alt-name", Listed(Alternative()), ""),
        Property("days-valid", Int(1, 36500), "365"),
        Property("trusted", Bool(), "false"),
        Property("trust-store", Flags(TRUST_STORES), "", SET, span=Span(since="7.21")),
        Property("key-usage", Flags(USAGES), DEFAULT_USAGE, clearable=True),
        Property("ca", Reference(STORE, missing="default"), read_only=True),
        shown("ca-crl-host", "", SET),
        shown("ca-fingerprint", "", SET),
        shown("serial-number"),
        shown("fingerprint"),
        shown("req-fingerprint", "", SET),
        shown("akid"),
        shown("skid"),
        shown("invalid-before"),
        shown("invalid-after"),
        shown("expires-after"),
        shown("scep-url", "", SET),
        shown("challenge-password", "", SET),
        shown("status", "", SET),
        shown("domain-names", "", SET, _ACME),
        shown("directory-url", "", SET, _ACME),
        shown("acme-status", "", SET, _ACME),
        flag("private-key", TRUE),
        flag("crl"),
        flag("smart-card-key"),
        flag("authority", TRUE),
        flag("issued", TRUE),
        flag("revoked", TRUE),
        flag("expired", TRUE),
        Property("acme-managed", Bool(), "false", TRUE, read_only=True, span=_ACME),
        Property("dynamic", Bool(), "false", TRUE, read_only=True, span=_ACME),
        about(),
    ),
    LIST | {
        "create-certificate-request", "export-certificate", "import", "issued-revoke", "sign",
        "sign-certificate-request", "unset",
    },
    auto_name="cert",
    unique=(Unique(("name",), "certificate with the same name already exists"),),
    indexed=("fingerprint",),
    print_arguments=frozenset({"active", "inactive", "show-sensitive"}),
    noun="certificate",
)  # fmt: skip

MENUS = (CERTIFICATE,)
