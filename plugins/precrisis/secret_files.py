"""Secrets in files: written whole and private, overwritten before they are deleted.

Overwriting reaches the blocks of an ordinary file system. Snapshots, flash memory that moves its
blocks, and backups keep what they have: keep the folders of secrets out of them.
"""

import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


class SecretUnusable(RuntimeError):
    """A file of a secret or key is missing, too open, or holds none; names file and remedy."""


def read_private(file: Path, remedy: str) -> str:
    """The text of a file that only its owner may read.

    Raises:
        SecretUnusable: it is not there (`remedy` says what to do), or others may read it.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        raise SecretUnusable(f"{file} is missing: {remedy}") from None
    if mode & 0o077:
        raise SecretUnusable(f"{file} can be read by others (mode {mode:04o}): chmod 600 {file}")
    return file.read_text("ascii")


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read; it is replaced whole or not at all."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    write_through(handle, content)
    draft.replace(file)


def write_pair(private: Path, public: Path, key: PrivateKeyTypes, shown: bytes) -> None:
    """Write a private key, and what is shown of it, such as a certificate.

    The shown one first: with the private one there, the pair counts as made.
    """
    write_private(public, shown)
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(private, content)


def shred(file: Path) -> None:
    """Overwrite a file's bytes, then delete it."""
    size = file.stat().st_size
    write_through(os.open(file, os.O_WRONLY), secrets.token_bytes(size))
    file.unlink()


def write_through(handle: int, content: bytes) -> None:
    """Write to an open descriptor, down to the disk, and close it."""
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
