"""Certificates: made, signed, exported and imported for real, and printed as a router prints them."""

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from router_sim.behaviours.certificates import self_signed, tls_identity
from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.transaction import Transaction
from tests.router_sim.conftest import Console
from tests.router_sim.going_on import records

CERTIFICATES = "/certificate"


def loaded(console: Console, name: str) -> tuple[list[x509.Certificate], bytes]:
    identity = tls_identity(console.router._state, name)
    assert identity is not None
    return x509.load_pem_x509_certificates(identity[0]), identity[1]


async def sign(console: Console, clock: VirtualClock, number: str, **given: str) -> None:
    attributes = {"number": number, **{key.replace("_", "-"): value for key, value in given.items()}}
    got = await records(console, clock, f"{CERTIFICATES}/sign", attributes)
    assert got[-1] == {".section": "1", "progress": "done"}


async def test_an_authority_and_what_it_signs(console: Console, still_clock: VirtualClock) -> None:
    console.add(CERTIFICATES, name="root", common_name="MyRouter", key_size="prime256v1", days_valid="3650",
                key_usage="crl-sign,key-cert-sign", country="LV", organization="Org")  # fmt: skip
    template = console.row(CERTIFICATES, "root")
    assert template == {
        ".id": "*1",
        "name": "root",
        "digest-algorithm": "sha256",
        "key-type": "ec",
        "country": "LV",
        "organization": "Org",
        "common-name": "MyRouter",
        "key-size": "prime256v1",
        "subject-alt-name": "",
        "days-valid": "3650",
        "trusted": "false",
        "key-usage": "key-cert-sign,crl-sign",
        "crl": "false",
        "smart-card-key": "false",
    }
    await sign(console, still_clock, "root", ca_crl_host="10.0.0.1")
    root = console.row(CERTIFICATES, "root")
    assert root["invalid-before"] == "2026-03-01 12:00:00"
    assert (root["invalid-after"], root["expires-after"]) == ("2036-02-27 12:00:00", "521w3d")
    assert {root[flag] for flag in ("private-key", "crl", "authority", "trusted")} == {"true"}
    assert (root["akid"], len(root["skid"]), len(root["fingerprint"])) == ("", 40, 64)
    assert "ca" not in root
    assert "issuer" not in root

    console.add(CERTIFICATES, name="web", common_name="portal.example", key_size="secp384r1", days_valid="30",
                key_usage="tls-server,digital-signature", digest_algorithm="sha384",
                subject_alt_name="DNS:portal.example,IP:10.5.50.1,email:a@b.example")  # fmt: skip
    await sign(console, still_clock, "web", ca="root", name="served")
    served = console.row(CERTIFICATES, "served")
    assert (served["ca"], served["issued"], served["akid"]) == ("root", "true", root["skid"])
    assert served["key-usage"] == "digital-signature,tls-server"
    assert (served["trusted"], served["expires-after"]) == ("false", "4w2d")
    assert "authority" not in served

    (own, above), key = loaded(console, "served")
    own.verify_directly_issued_by(above)
    assert isinstance(own.public_key(), ec.EllipticCurvePublicKey)
    assert load_pem_private_key(key, None).public_key() == own.public_key()
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["portal.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.5.50.1"]
    assert own.not_valid_before_utc == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert f"{own.serial_number:X}" == served["serial-number"]
    assert "PRIVATE" not in str(console.router.snapshot()) + str(console.router.journal.entries())

    still_clock.advance(29 * 86400 + 60)
    assert console.row(CERTIFICATES, "served")["expires-after"] == "23h59m"
    still_clock.advance(86400)
    expired = console.row(CERTIFICATES, "served")
    assert expired["expired"] == "true"
    assert "expires-after" not in expired
    # A renamed authority is followed, a removed one forgotten.
    console.set(CERTIFICATES, "root", name="top")
    assert console.row(CERTIFICATES, "served")["ca"] == "top"
    console.run(f"{CERTIFICATES}/issued-revoke", {"numbers": "served"})
    assert console.row(CERTIFICATES, "served")["revoked"] == "true"
    console.run(f"{CERTIFICATES}/remove", {"numbers": "top"})
    assert "ca" not in console.row(CERTIFICATES, "served")


async def test_the_names_of_a_record(console: Console, still_clock: VirtualClock) -> None:
    """As recorded of a self-signed authority."""
    console.add(CERTIFICATES, name="root-cert", common_name="MyRouter", key_size="prime256v1")
    await sign(console, still_clock, "root-cert")
    assert sorted(console.row(CERTIFICATES, "root-cert")) == [
        ".id", "akid", "authority", "common-name", "crl", "days-valid", "digest-algorithm", "expires-after",
        "fingerprint", "invalid-after", "invalid-before", "key-size", "key-type", "key-usage", "name", "private-key",
        "serial-number", "skid", "smart-card-key", "subject-alt-name", "trusted",
    ]  # fmt: skip


async def test_a_router_of_the_shelf_makes_an_rsa_key(console: Console, still_clock: VirtualClock) -> None:
    console.add(CERTIFICATES, name="x", common_name="x")
    assert (await records(console, still_clock, f"{CERTIFICATES}/sign", {"number": "x", "once": ""})) == [
        {"progress": "done"}
    ]
    row = console.row(CERTIFICATES, "x")
    assert (row["key-type"], row["key-size"]) == ("rsa", "2048")
    assert row["key-usage"] == (
        "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,tls-server,tls-client"
    )
    (own,), _ = loaded(console, "x")
    key = own.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048


async def test_what_cannot_be_signed(console: Console, still_clock: VirtualClock) -> None:
    def refused(text: str, **given: str) -> None:
        attributes = {key.replace("_", "-"): value for key, value in given.items()}
        assert console.trap(f"{CERTIFICATES}/sign", attributes)[0][0] == text

    console.add(CERTIFICATES, name="plain", common_name="p", key_size="prime256v1", key_usage="tls-server")
    console.add(CERTIFICATES, name="empty", key_size="prime256v1")
    console.add(CERTIFICATES, name="weak", common_name="w", key_size="prime256v1", digest_algorithm="md5")
    console.add(CERTIFICATES, name="land", common_name="w", key_size="prime256v1", country="Latvia")
    refused("missing =number=")
    refused("no such item", number="nobody")
    refused("failure: common-name must be set", number="empty")
    refused("input does not match any value of ca", number="plain", ca="nobody")
    refused("failure: empty can not sign: it is no authority with a private key", number="plain", ca="empty")
    refused("failure: certificate with the same name already exists", number="plain", name="empty")
    refused("failure: no smart card present", number="plain", ca_on_smart_card="yes")
    refused("unknown parameter days", number="plain", days="1")
    for name in ("weak", "land"):
        with pytest.raises(Trap, match="failure: can not sign: "):
            await sign(console, still_clock, name)
        assert "fingerprint" not in console.row(CERTIFICATES, name)
    await sign(console, still_clock, "plain")
    refused("failure: certificate is already signed", number="plain")
    refused("failure: plain can not sign: it is no authority with a private key", number="weak", ca="plain")
    assert console.trap(f"{CERTIFICATES}/set", {".id": "plain", "common-name": "other"})[0][0] == (
        "failure: can not change signed certificate"
    )
    console.set(CERTIFICATES, "plain", trusted="yes", name="renamed")
    assert console.row(CERTIFICATES, "renamed")["trusted"] == "true"
    for name, value in (
        ("subject-alt-name", "10.0.0.1"),
        ("subject-alt-name", "IP:x"),
        ("days-valid", "soon"),
    ):
        assert console.trap(f"{CERTIFICATES}/add", {"name": "n", name: value})[0] == (
            f"invalid value for argument {name}", 1,
        )  # fmt: skip
    assert console.trap(f"{CERTIFICATES}/add", {"key-size": "3000"})[0] == (
        "input does not match any value of key-size", 1,
    )  # fmt: skip
    assert console.trap(f"{CERTIFICATES}/add", {"name": "weak"})[0][0] == (
        "failure: certificate with the same name already exists"
    )
    assert tls_identity(console.router._state, "weak") is None
    assert tls_identity(console.router._state, "none") is None


async def test_to_a_file_and_back(console: Console, still_clock: VirtualClock) -> None:
    for name in ("root", "leaf"):
        console.add(CERTIFICATES, name=name, common_name=name, key_size="prime256v1")
    await sign(console, still_clock, "root")
    await sign(console, still_clock, "leaf", ca="root")
    assert console.trap(
        f"{CERTIFICATES}/export-certificate", {"numbers": "root", "export-passphrase": "short"}
    )
    console.run(f"{CERTIFICATES}/export-certificate", {"numbers": "root"})
    console.run(f"{CERTIFICATES}/export-certificate", {
        "numbers": "leaf", "export-passphrase": "long enough", "file-name": "leaf",
    })  # fmt: skip
    console.run(f"{CERTIFICATES}/export-certificate", {
        "numbers": "leaf", "export-passphrase": "long enough", "file-name": "leaf", "type": "pkcs12",
    })  # fmt: skip
    files = {row["name"]: row for row in console.rows("/file")}
    assert set(files) == {"cert_export_root.crt", "leaf.crt", "leaf.key", "leaf.p12"}
    assert "ENCRYPTED PRIVATE KEY" in files["leaf.key"]["contents"]
    packed = files["leaf.p12"]["contents"].encode("utf-8", "surrogateescape")
    key, certificate, _ = pkcs12.load_key_and_certificates(packed, b"long enough")
    assert certificate is not None
    assert key is not None
    before = {row["name"]: row for row in console.rows(CERTIFICATES)}
    for name in ("root", "leaf"):
        console.run(f"{CERTIFICATES}/remove", {"numbers": name})

    def imported(file: str, **given: str) -> dict[str, str]:
        (row,) = console.run(f"{CERTIFICATES}/import", {"file-name": file, **given}).rows
        return dict(row)

    assert imported("cert_export_root.crt", passphrase="")["certificates-imported"] == "1"
    root = console.row(CERTIFICATES, "cert_export_root.crt_0")
    assert root["fingerprint"] == before["root"]["fingerprint"]
    assert "private-key" not in root
    assert (root["trusted"], root["authority"]) == ("true", "true")
    assert imported("leaf.crt", name="leaf")["certificates-imported"] == "1"
    assert console.row(CERTIFICATES, "leaf")["issuer"] == "CN=root"
    assert imported("leaf.key", passphrase="wrong")["decryption-failures"] == "1"
    assert imported("leaf.key", passphrase="long enough") == {
        "certificates-imported": "0",
        "private-keys-imported": "1",
        "files-imported": "1",
        "decryption-failures": "0",
        "keys-with-no-certificate": "0",
    }
    assert console.row(CERTIFICATES, "leaf")["private-key"] == "true"
    assert imported("leaf.p12", passphrase="long enough")["certificates-imported"] == "0"  # known already
    console.run(f"{CERTIFICATES}/remove", {"numbers": "leaf"})
    assert imported("leaf.key", passphrase="long enough")["keys-with-no-certificate"] == "1"
    assert imported("leaf.p12", passphrase="long enough")["private-keys-imported"] == "1"
    assert tls_identity(console.router._state, "leaf.p12_0") is not None
    console.add(
        "/file", name="junk.pem", contents="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    )
    assert imported("junk.pem")["files-imported"] == "0"
    for given, text in (
        ({}, "missing =file-name="),
        ({"file-name": "no"}, "input does not match any value of file-name"),
    ):
        assert console.trap(f"{CERTIFICATES}/import", given)[0][0] == text


async def test_a_signing_request_is_answered(console: Console, still_clock: VirtualClock) -> None:
    console.add(CERTIFICATES, name="ca", common_name="ca", key_size="prime256v1")
    await sign(console, still_clock, "ca")
    console.add(CERTIFICATES, name="t", common_name="asked.example", key_size="prime256v1",
                subject_alt_name="DNS:asked.example")  # fmt: skip
    got = await records(console, still_clock, f"{CERTIFICATES}/create-certificate-request", {
        "template": "t", "key-passphrase": "a secret",
    })  # fmt: skip
    assert got == [{".section": "0", "progress": "done"}]
    assert {"certificate-request.pem", "certificate-request_key.pem"} <= set(console.names("/file"))
    console.run(f"{CERTIFICATES}/sign-certificate-request", {
        "file-name": "certificate-request.pem", "ca": "ca", "days-valid": "90",
    })  # fmt: skip
    row = console.row(CERTIFICATES, "asked.example")
    assert (row["ca"], row["days-valid"], row["subject-alt-name"]) == ("ca", "90", "DNS:asked.example")
    (row,) = console.run(f"{CERTIFICATES}/import", {
        "file-name": "certificate-request_key.pem", "passphrase": "a secret",
    }).rows  # fmt: skip
    assert row["private-keys-imported"] == "1"
    chain, _ = loaded(console, "asked.example")
    chain[0].verify_directly_issued_by(chain[1])
    console.add("/file", name="junk.pem", contents="nothing")
    refusal = console.trap(f"{CERTIFICATES}/sign-certificate-request", {"file-name": "junk.pem", "ca": "ca"})
    assert refusal[0][0].startswith("failure: can not sign: ")


async def test_a_full_disk_takes_no_certificates(console: Console, still_clock: VirtualClock) -> None:
    console.add(CERTIFICATES, name="ca", common_name="ca", key_size="prime256v1")
    await sign(console, still_clock, "ca")
    identity = tls_identity(console.router._state, "ca")
    assert identity is not None
    console.router._state.disk_bytes = len(identity[0]) + 10  # room for the certificate, not for its key
    given = {"numbers": "ca", "export-passphrase": "long enough"}
    assert console.trap(f"{CERTIFICATES}/export-certificate", given) == (
        ("failure: not enough disk space", None),
    )
    assert console.rows("/file") == []


def test_a_laboratory_has_a_certificate_at_once(console: Console) -> None:
    def add(name: str) -> None:
        def change(tx: Transaction) -> None:
            self_signed(tx, name, common_name="r1", addresses=("127.0.1.1", "r1.example"))

        console.router.write(change)

    add("lab")
    first = console.row(CERTIFICATES, "lab")
    add("lab")
    again = console.row(CERTIFICATES, "lab")
    assert first[".id"] == again[".id"]
    assert first["serial-number"] != again["serial-number"]
    assert again["subject-alt-name"] == "IP:127.0.1.1,DNS:r1.example"
    identity = tls_identity(console.router._state, "lab")
    assert identity is not None
    context = ssl.create_default_context(cadata=identity[0].decode())
    assert len(context.get_ca_certs()) == 1
