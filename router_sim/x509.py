"""Keys and X.509 certificates as RouterOS makes them: pure functions over PEM texts, no router in sight.

`Request` says what a certificate shall be in the words of `/certificate`. Keys come from the operating system's
random source, as OpenSSL allows no other; serial numbers and moments are passed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Extension = TypeVar("Extension", bound=x509.ExtensionType)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "prime256v1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
}
Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
# Routers still offer md5 and sha1; the library at hand signs with neither any more.
DIGESTS: Final[Mapping[str, Digest]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# The words of `key-usage` in the router's order: bits of the key usage, then purposes of the extended one.
BITS: Final = (
    ("digital-signature", "digital_signature"), ("content-commitment", "content_commitment"),
    ("key-encipherment", "key_encipherment"), ("data-encipherment", "data_encipherment"),
    ("key-agreement", "key_agreement"), ("key-cert-sign", "key_cert_sign"), ("crl-sign", "crl_sign"),
    ("encipher-only", "encipher_only"), ("decipher-only", "decipher_only"),
)  # fmt: skip
PURPOSES: Final = (
    ("tls-server", ExtendedKeyUsageOID.SERVER_AUTH), ("tls-client", ExtendedKeyUsageOID.CLIENT_AUTH),
    ("code-sign", ExtendedKeyUsageOID.CODE_SIGNING), ("email-protect", ExtendedKeyUsageOID.EMAIL_PROTECTION),
    ("timestamp", ExtendedKeyUsageOID.TIME_STAMPING), ("ocsp-sign", ExtendedKeyUsageOID.OCSP_SIGNING),
    ("dvcs", x509.ObjectIdentifier("1.3.6.1.5.5.7.3.10")),
)  # fmt: skip
USAGES: Final = (*(word for word, _ in BITS), *(word for word, _ in PURPOSES))
NAME_PARTS: Final = (
    ("country", NameOID.COUNTRY_NAME, "C"), ("state", NameOID.STATE_OR_PROVINCE_NAME, "S"),
    ("locality", NameOID.LOCALITY_NAME, "L"), ("organization", NameOID.ORGANIZATION_NAME, "O"),
    ("unit", NameOID.ORGANIZATIONAL_UNIT_NAME, "OU"), ("common-name", NameOID.COMMON_NAME, "CN"),
)  # fmt: skip


class X509Error(Exception):
    """What was asked for is no certificate, or cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """A certificate to be made. `subject` by the names of NAME_PARTS, `alternatives` as `DNS:x` and the like."""

    subject: Mapping[str, str]
    alternatives: Sequence[str] = ()
    usage: Sequence[str] = ()
    days: int = 365
    digest: str = "sha256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


def new_key(size: str) -> bytes:
    """A fresh key in PEM: RSA of so many bits, or one on the named curve. Large RSA keys take seconds."""
    if size in CURVES:
        return _key_pem(ec.generate_private_key(CURVES[size]))
    return _key_pem(rsa.generate_private_key(65537, int(size)))


def issue(
    request: Request, key: bytes, *, serial: int, since: datetime, signer: Signer | None = None
) -> bytes:
    """A certificate in PEM for the owner of `key`, signed by itself unless `signer` is given.

    Raises X509Error when the request holds something a certificate cannot.
    """
    own = _key(key)
    return _issue(request, own.public_key(), serial, since, signer or own)


def request_pem(request: Request, key: bytes) -> bytes:
    """A signing request (PKCS #10) in PEM. Raises X509Error."""
    try:
        builder = x509.CertificateSigningRequestBuilder().subject_name(_name(request.subject))
        if request.alternatives:
            builder = builder.add_extension(_alternatives(request.alternatives), critical=False)
        made = builder.sign(_key(key), _digest(request.digest))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise X509Error(str(error)) from error
    return made.public_bytes(serialization.Encoding.PEM)


def answer(
    data: bytes, usage: Sequence[str], days: int, digest: str, *, serial: int, since: datetime, signer: Signer
) -> tuple[Request, bytes]:
    """What a signing request asks for, and the certificate that answers it. Raises X509Error."""
    try:
        asked = x509.load_pem_x509_csr(data)
        if not asked.is_signature_valid:
            raise X509Error("the request is not signed by its own key")
        request = Request(_parts(asked.subject), _listed(asked.extensions), usage, days, digest)
    except ValueError as error:
        raise X509Error(str(error)) from error
    return request, _issue(request, asked.public_key(), serial, since, signer)


def describe(certificate: bytes) -> dict[str, str]:
    """What a router prints of a certificate in PEM, as far as it follows from the certificate alone.

    Dates are left to `validity`. Raises X509Error if it is none.
    """
    try:
        return _described(load(certificate))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise X509Error(str(error)) from error


def _described(made: x509.Certificate) -> dict[str, str]:
    public = made.public_key()
    described = {name: value for name, value in _parts(made.subject).items() if value}
    described["subject-alt-name"] = ",".join(_listed(made.extensions))
    described["key-usage"] = ",".join(_usage(made))
    described["serial-number"] = f"{made.serial_number:X}"
    described["fingerprint"] = made.fingerprint(hashes.SHA256()).hex()
    described["akid"], described["skid"] = _identifiers(made)
    if isinstance(public, rsa.RSAPublicKey):
        described["key-type"], described["key-size"] = "rsa", str(public.key_size)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        described["key-type"] = "ec"
        names = {curve.name: word for word, curve in CURVES.items()}
        described["key-size"] = names.get(public.curve.name, public.curve.name)
    described["days-valid"] = str(max(0, (made.not_valid_after_utc - made.not_valid_before_utc).days))
    digest = made.signature_hash_algorithm
    described["digest-algorithm"] = digest.name if digest is not None and digest.name in DIGESTS else "sha256"
    return described


def issuer_of(certificate: bytes) -> str:
    """The issuer as a router writes it, `C=..,CN=..`; empty for one that signed itself."""
    made = load(certificate)
    if made.issuer == made.subject:
        return ""
    parts = _parts(made.issuer)
    return ",".join(f"{short}={parts[name]}" for name, _, short in NAME_PARTS if parts.get(name))


def validity(certificate: bytes) -> tuple[datetime, datetime]:
    """From when to when it is valid, aware UTC."""
    made = load(certificate)
    return made.not_valid_before_utc, made.not_valid_after_utc


def is_authority(certificate: bytes) -> bool:
    """May it sign others?"""
    found = _find(load(certificate).extensions, x509.BasicConstraints)
    return found is not None and found.ca


def load(certificate: bytes) -> x509.Certificate:
    """The certificate in a PEM text. Raises X509Error."""
    try:
        return x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise X509Error(str(error)) from error


def belongs(certificate: bytes, key: bytes) -> bool:
    """Is `key` that of the certificate?"""
    try:
        return _public(load(certificate).public_key()) == _public(_key(key).public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise X509Error(str(error)) from error


def locked(key: bytes, passphrase: str) -> bytes:
    """The key in PEM, encrypted; in the clear for an empty passphrase."""
    return _key_pem(_key(key), passphrase)


def packed(name: str, signer: Signer, passphrase: str) -> bytes:
    """Certificate and key as PKCS #12."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(_secret(passphrase))
    return pkcs12.serialize_key_and_certificates(
        name.encode("utf-8", "surrogateescape"), _key(signer.key), load(signer.certificate), None, encryption
    )


def unpack(data: bytes, passphrase: str) -> tuple[list[bytes], list[bytes], int]:
    """Certificates and keys in a PEM or PKCS #12 file, each as PEM, and how many keys could not be opened."""
    if b"-----BEGIN" not in data:
        return _unpack_pkcs12(data, passphrase)
    certificates, keys, failures = [], [], 0
    for block in _blocks(data):
        if b"CERTIFICATE-----" in block.splitlines()[0]:
            try:
                load(block)
            except X509Error:
                continue
            certificates.append(block)
        elif b"PRIVATE KEY-----" in block.splitlines()[0]:
            try:
                keys.append(_key_pem(_key(block, passphrase)))
            except (ValueError, TypeError, UnsupportedAlgorithm, X509Error):
                failures += 1
    return certificates, keys, failures


def _unpack_pkcs12(data: bytes, passphrase: str) -> tuple[list[bytes], list[bytes], int]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(
            data, _secret(passphrase) if passphrase else None
        )
    except (ValueError, UnsupportedAlgorithm):
        return [], [], 1
    found = [each for each in (certificate, *others) if each is not None]
    keys = [_key_pem(key)] if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else []
    return [each.public_bytes(serialization.Encoding.PEM) for each in found], keys, 0


def _blocks(data: bytes) -> list[bytes]:
    blocks: list[bytes] = []
    lines: list[bytes] = []
    for line in data.splitlines():
        stripped = line.strip()
        if stripped.startswith(b"-----BEGIN"):
            lines = []
        lines.append(stripped)
        if stripped.startswith(b"-----END") and lines[0].startswith(b"-----BEGIN"):
            blocks.append(b"\n".join(lines) + b"\n")
    return blocks


def _issue(request: Request, public: object, serial: int, since: datetime, signer: Signer | Key) -> bytes:
    subject = _checked_name(request.subject)
    if isinstance(signer, Signer):
        issuer_certificate = load(signer.certificate)
        issuer, key = issuer_certificate.subject, _key(signer.key)
    else:
        issuer_certificate, issuer, key = None, subject, signer
    start = since.astimezone(UTC).replace(microsecond=0)
    try:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)  # type: ignore[arg-type]
            .serial_number(serial)
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=request.days))
        )
        for extension, critical in _extensions(request, public, issuer_certificate):
            builder = builder.add_extension(extension, critical)
        made = builder.sign(key, _digest(request.digest))
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm) as error:
        raise X509Error(str(error)) from error
    return made.public_bytes(serialization.Encoding.PEM)


def _extensions(
    request: Request, public: object, issuer: x509.Certificate | None
) -> list[tuple[x509.ExtensionType, bool]]:
    usage = set(request.usage)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca="key-cert-sign" in usage, path_length=None), True),
    ]
    bits = {flag: word in usage for word, flag in BITS}
    if not bits["key_agreement"]:  # these two mean something beside it only
        bits["encipher_only"] = bits["decipher_only"] = False
    if any(bits.values()):
        extensions.append((x509.KeyUsage(**bits), True))
    purposes = [oid for word, oid in PURPOSES if word in usage]
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    extensions.append((x509.SubjectKeyIdentifier.from_public_key(public), False))  # type: ignore[arg-type]
    if issuer is not None:
        extensions.append((_authority(issuer), False))
    if request.alternatives:
        extensions.append((_alternatives(request.alternatives), False))
    return extensions


def _authority(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    held = _find(issuer.extensions, x509.SubjectKeyIdentifier)
    if held is None:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(held)


def _checked_name(parts: Mapping[str, str]) -> x509.Name:
    try:
        return _name(parts)
    except (ValueError, TypeError) as error:
        raise X509Error(str(error)) from error


def _name(parts: Mapping[str, str]) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(oid, _text(parts[name])) for name, oid, _ in NAME_PARTS if parts.get(name)]
    )


def _text(value: str) -> str:
    """Bytes that are no UTF-8 have no place in a certificate: they become question marks."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _alternatives(listed: Sequence[str]) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = []
    for each in listed:
        kind, _, value = each.partition(":")
        if kind == "IP":
            names.append(x509.IPAddress(ip_address(value)))
        elif kind == "email":
            names.append(x509.RFC822Name(value))
        else:
            names.append(x509.DNSName(value))
    return x509.SubjectAlternativeName(names)


def _parts(name: x509.Name) -> dict[str, str]:
    found = {}
    for word, oid, _ in NAME_PARTS:
        held = name.get_attributes_for_oid(oid)
        if held:
            value = held[0].value
            found[word] = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
    return found


def _listed(extensions: x509.Extensions) -> list[str]:
    found = _find(extensions, x509.SubjectAlternativeName)
    kinds: dict[type, str] = {x509.DNSName: "DNS", x509.IPAddress: "IP", x509.RFC822Name: "email"}
    return [f"{kinds[type(each)]}:{each.value}" for each in found or () if type(each) in kinds]


def _usage(made: x509.Certificate) -> list[str]:
    words: list[str] = []
    bits = _find(made.extensions, x509.KeyUsage)
    for word, flag in BITS:
        # The last two mean something beside the agreement only, and cannot be asked for without it.
        if (
            bits is not None
            and (bits.key_agreement or not flag.endswith("cipher_only"))
            and getattr(bits, flag)
        ):
            words.append(word)
    purposes = _find(made.extensions, x509.ExtendedKeyUsage)
    return words + [word for word, oid in PURPOSES if purposes is not None and oid in purposes]


def _identifiers(made: x509.Certificate) -> tuple[str, str]:
    authority = _find(made.extensions, x509.AuthorityKeyIdentifier)
    subject = _find(made.extensions, x509.SubjectKeyIdentifier)
    held = authority.key_identifier if authority else None
    return held.hex() if held else "", subject.digest.hex() if subject else ""


def _find(extensions: x509.Extensions, kind: type[Extension]) -> Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _digest(name: str) -> Digest:
    if name not in DIGESTS:
        raise X509Error(f"{name} is too weak to sign with; use sha256, sha384 or sha512")
    return DIGESTS[name]


def _key(pem: bytes, passphrase: str = "") -> Key:
    key = serialization.load_pem_private_key(
        pem, _secret(passphrase) if passphrase and b"ENCRYPTED" in pem else None
    )
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise X509Error("a key is either RSA or on an elliptic curve")
    return key


def _key_pem(key: Key, passphrase: str = "") -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(_secret(passphrase))
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _public(key: object) -> bytes:
    data: bytes = key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return data


def _secret(passphrase: str) -> bytes:
    return passphrase.encode("utf-8", "surrogateescape")
