"""`make tls`: a certificate authority and a server certificate for trials, in <state>/tls.

A city brings its own: a folder with ca.pem, server.pem (with its chain) and server.key, named in
PRECRISIS_TLS_DIR.
"""

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # browsers refuse longer ones
Key = ec.EllipticCurvePrivateKey


def make(folder: Path, names: Iterable[str]) -> None:
    """Write ca.pem, ca.key, server.pem and server.key; keys can be read by their owner only.

    The authority is kept when it is there, so that who trusts it goes on doing so.

    Args:
        folder: made with mode 0700.
        names: host names and addresses that the server certificate is for.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, authority_key = _authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("PreCrisis", authority.subject, key, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in sorted(set(names))]), False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False
        )
        .sign(authority_key, hashes.SHA256())
    )
    _write_key(folder / "server.key", key)
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def problem_of(file: Path, names: Iterable[str]) -> str | None:
    """What keeps a certificate from being used for `names` now, with the remedy; else None."""
    certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    if dt.datetime.now(dt.UTC) >= certificate.not_valid_after_utc:
        return f"{file} ended on {certificate.not_valid_after_utc:%Y-%m-%d}: renew it."
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = set(extension.get_values_for_type(x509.DNSName))
    known |= {str(address) for address in extension.get_values_for_type(x509.IPAddress)}
    missing = sorted(set(names) - known)
    return f"{file} is not for {', '.join(missing)}: issue it for these too." if missing else None


def _authority(folder: Path) -> tuple[x509.Certificate, Key]:
    pem, key_file = folder / "ca.pem", folder / "ca.key"
    if pem.exists() and key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        return x509.load_pem_x509_certificate(pem.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = "PreCrisis trial authority"
    certificate = (
        _builder(name, _subject(name), key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(_may_sign(), True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _builder(name: str, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))  # clocks of clients differ
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(identifier, False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _may_sign() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _write_key(file: Path, key: Key) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text)
