"""Whoever gets a CAP message: was it signed by the holder of a certificate, and not altered since?

    python -m precrisis.alerts.cap_verify --certificate cap.pem MESSAGE.cap.xml ...

The certificate must have come to you, or its fingerprint been compared, another way than the
message: anyone can sign with a certificate of their own.
"""

import argparse
import sys
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import SignXMLException

from precrisis.alerts.cap_check import CapError, validate
from precrisis.alerts.cap_profiles import CAP

METHODS = ("RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512")
EXPECTED = SignatureConfiguration(
    location="./",  # a child of the alert, as CAP has it
    signature_methods=frozenset(SignatureMethod[name] for name in METHODS),
    digest_algorithms=frozenset(DigestAlgorithm[f"SHA{bits}"] for bits in (256, 384, 512)),
)


class NotSigned(ValueError):
    """A CAP message is not signed with the certificate, or was altered since."""


def verified(message: bytes, certificate: bytes) -> bytes:
    """Return that part of a CAP message which was signed: trust this, and not the message.

    Args:
        certificate: PEM; what the message itself says of its signer is not trusted.

    Raises:
        CapError: it is no valid CAP 1.2.
        NotSigned: it is not signed with this certificate, was altered, or the certificate is not
            valid now.
    """
    validate(message)
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        trusted = x509.load_pem_x509_certificate(certificate)
        result = XMLVerifier().verify(
            message, x509_cert=trusted, parser=parser, expect_config=EXPECTED
        )
    except (SignXMLException, InvalidSignature, etree.LxmlError, ValueError, TypeError) as error:
        raise NotSigned(f"not signed with this certificate ({type(error).__name__})") from None
    return result.signed_data


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 fingerprint of a certificate (PEM), as `openssl x509` writes it."""
    digest = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def main() -> None:
    """Check some files; end with 1 when any is not as it was signed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("messages", type=Path, nargs="+")
    arguments = parser.parse_args()
    certificate = arguments.certificate.read_bytes()
    print(f"certificate {fingerprint(certificate)}")
    lines = [_line(file, certificate) for file in arguments.messages]
    print("\n".join(text for text, _ in lines))
    sys.exit(0 if all(is_good for _, is_good in lines) else 1)


def _line(file: Path, certificate: bytes) -> tuple[str, bool]:
    try:
        root = etree.fromstring(verified(file.read_bytes(), certificate))
    except (CapError, NotSigned) as error:
        return f"{file}: {error}", False
    return f"{file}: as signed, {root.findtext(f'{CAP}identifier')}", True


if __name__ == "__main__":
    main()
