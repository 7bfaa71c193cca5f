"""The platform's signature on what it shares: Ed25519 (RFC 8032), a key of its own.

Encryption says who may read; only this says who wrote. The private key lies in the folder of keys
(PRECRISIS_KEYS_DIR); the public one goes to partners, who compare it by another way once.
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from precrisis.secret_files import SecretUnusable, read_private, write_pair

PRIVATE, PUBLIC = "sharing.key", "sharing.pub"


class BadSignature(ValueError):
    """A text was not signed by this key, or was altered since."""


def make(folder: Path) -> bool:
    """Make the key pair in a folder of keys; False when there is one already."""
    if (folder / PRIVATE).exists():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    write_pair(folder / PRIVATE, folder / PUBLIC, key, _public_pem(key.public_key()))
    return True


def sign(folder: Path, content: bytes) -> tuple[bytes, bytes]:
    """Return the signature of a content (64 bytes), and the public key (PEM) that proves it.

    Raises:
        SecretUnusable: the key is missing, open to others, or none.
    """
    text = read_private(folder / PRIVATE, "`make up` makes it")
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SecretUnusable(f"{folder / PRIVATE} holds no Ed25519 key")
    return key.sign(content), _public_pem(key.public_key())


def verify(public_pem: bytes, signature: bytes, content: bytes) -> None:
    """Return when `content` was signed by the owner of a public key.

    Raises:
        BadSignature: it was not, or the key is no Ed25519 public key.
    """
    try:
        key = serialization.load_pem_public_key(public_pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadSignature("the platform's key is no Ed25519 public key in PEM")
    try:
        key.verify(signature, content)
    except InvalidSignature:
        raise BadSignature("not signed by the platform's key, or altered since") from None


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def main() -> None:
    """Set-up's part: make the pair if it is missing."""
    from precrisis.settings import settings  # the recipient's tool has none

    make(settings().keys_dir)


if __name__ == "__main__":
    main()
