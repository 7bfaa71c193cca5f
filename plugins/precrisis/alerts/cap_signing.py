"""The platform's signature on its CAP messages: an enveloped XML signature (CAP 1.2, 3.3.4.1).

RSA with SHA-256 (PKCS #1 v1.5), which every reader of XML signatures knows, and which gives the
same bytes each time. The private key lies in the folder of keys (PRECRISIS_KEYS_DIR); the
certificate is published beside the feed, and partners compare its fingerprint by another way once.
"""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import CanonicalizationMethod, XMLSigner

from precrisis import clock
from precrisis.secret_files import SecretUnusable, read_private, write_pair

PRIVATE, CERTIFICATE = "cap.key", "cap.pem"
REMEDY = "`make up` makes it"
KEY_BITS = 3072
LASTS = dt.timedelta(days=1096)
CLOCKS_DIFFER = dt.timedelta(minutes=5)


def make(folder: Path, sender: str) -> bool:
    """Make key and certificate of a CAP sender in a folder of keys; False when they are there."""
    if (folder / PRIVATE).exists():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    certificate = _certificate(key, sender).public_bytes(serialization.Encoding.PEM)
    write_pair(folder / PRIVATE, folder / CERTIFICATE, key, certificate)
    return True


def signed(message: bytes, folder: Path) -> bytes:
    """Return a CAP document with the platform's signature as its last element (UTF-8).

    Raises:
        SecretUnusable: the key is missing or open to others.
    """
    key = read_private(folder / PRIVATE, REMEDY)
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    certificate = certificate_of(folder).decode("ascii")
    root = signer.sign(etree.fromstring(message), key=key.encode(), cert=certificate)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def certificate_of(folder: Path) -> bytes:
    """Return the certificate (PEM) by which the platform's messages are checked.

    Raises:
        SecretUnusable: it is missing.
    """
    try:
        return (folder / CERTIFICATE).read_bytes()
    except FileNotFoundError:
        raise SecretUnusable(f"{folder / CERTIFICATE} is missing: {REMEDY}") from None


def _certificate(key: rsa.RSAPrivateKey, sender: str) -> x509.Certificate:
    """Signed by itself: it is trusted by its fingerprint, not by an authority."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, sender)])
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def main() -> None:
    """Set-up's part: make the pair if it is missing."""
    from precrisis.alerts.cap import sender_of
    from precrisis.city import city
    from precrisis.settings import settings

    make(settings().keys_dir, sender_of(city()))


if __name__ == "__main__":
    main()
