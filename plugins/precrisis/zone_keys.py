"""Keys of the zones of trust: what lies in a zone's bucket is sealed to the zone's public key.

The format is age (https://age-encryption.org/v1): X25519, then ChaCha20-Poly1305. A process that
has only `<zone>.pub` can write and never read. The folder of the keys (PRECRISIS_KEYS_DIR) lies
outside the store's data, so that a copy of either alone is worth nothing.

`<zone>.key` is the identity of new objects; `<zone>.retired/` holds those before it until nothing
sealed to them is stored any more. Then they are destroyed, and with them every copy in a backup.
"""

import argparse
import datetime as dt
import hashlib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyrage
from pyrage import x25519

from precrisis import clock
from precrisis.secret_files import SecretUnusable, read_private, shred, write_private
from precrisis.settings import settings

SEALED_ZONES = ("restricted", "derived")
HEADER = b"age-encryption.org/v1\n"
MADE_AT = re.compile(r"^# made: (\S+)$", re.MULTILINE)
# A process that read the old public key a moment ago has entered its object in the ledger by then.
SETTLED_AFTER = dt.timedelta(hours=1)


class WrongKey(RuntimeError):
    """An object is sealed to a key that this process does not hold."""


class Damaged(ValueError):
    """An object is not what was sealed: cut short, altered, or never sealed."""


@dataclass(frozen=True)
class ZoneKeys:
    """The keys of one zone in one folder."""

    folder: Path
    zone: str

    @property
    def public_file(self) -> Path:
        return self.folder / f"{self.zone}.pub"

    @property
    def identity_file(self) -> Path:
        return self.folder / f"{self.zone}.key"

    @property
    def retired(self) -> Path:
        return self.folder / f"{self.zone}.retired"

    def make(self, at: dt.datetime) -> bool:
        """Make the zone's first key at time `at` (UTC); False when there is one already."""
        if self.public_file.exists() or self.identity_file.exists():
            return False
        self._install(at)
        return True

    def rotate(self, at: dt.datetime) -> str:
        """Seal new objects to a new key from `at` (UTC) on; return the id of the retired one.

        Raises:
            SecretUnusable: there is no identity here to retire.
        """
        old = _id_of(_identity(self.identity_file).to_public())
        self.retired.mkdir(mode=0o700, exist_ok=True)
        kept = self.retired / f"{old}.key"
        if not kept.exists():  # a rotation that was cut short has kept it already
            os.link(self.identity_file, kept)
        os.utime(kept, (at.timestamp(), at.timestamp()))
        self._install(at)
        return old

    def made_at(self) -> dt.datetime:
        """When the identity of new objects was made (UTC)."""
        found = MADE_AT.search(_text(self.identity_file))
        if found is None:
            raise SecretUnusable(f"{self.identity_file} does not say when it was made; rotate it")
        return dt.datetime.fromisoformat(found[1])

    def seal(self, content: bytes) -> tuple[bytes, str]:
        """Return the content sealed to the zone's public key, and the id of that key.

        Raises:
            SecretUnusable: the public key is missing or no key.
        """
        recipient = _recipient(self.public_file)
        return pyrage.encrypt(content, [recipient]), _id_of(recipient)

    def open(self, sealed: bytes) -> bytes:
        """Return the content of a sealed object.

        Raises:
            SecretUnusable: this process has no identity of the zone.
            WrongKey: it is sealed to another one.
            Damaged: it is not what was sealed.
        """
        files = (self.identity_file, *sorted(self.retired.glob("*.key")))
        identities = [_identity(file) for file in files]
        if not sealed.startswith(HEADER):
            raise Damaged("it was never sealed")
        try:
            return pyrage.decrypt(sealed, identities)
        except pyrage.DecryptError as error:
            is_foreign = str(error) == "No matching keys found"
        if is_foreign:
            raise WrongKey(
                f"sealed to a key of zone '{self.zone}' that is not in {self.folder}: it was "
                "destroyed, or PRECRISIS_KEYS_DIR names another folder"
            )
        raise Damaged("it was cut short or altered")

    def destroy_retired(self, in_use: Collection[str], at: dt.datetime) -> list[str]:
        """Overwrite and delete retired identities that no stored object needs; their ids."""
        # A rotation that was cut short may have left the old public key in use.
        needed = {*in_use, _id_of(_recipient(self.public_file))}
        settled = (at - SETTLED_AFTER).timestamp()
        doomed = [
            file
            for file in sorted(self.retired.glob("*.key"))
            if file.stem not in needed and file.stat().st_mtime <= settled
        ]
        for file in doomed:
            shred(file)
        return [file.stem for file in doomed]

    def _install(self, at: dt.datetime) -> None:
        """The identity first: a public key without one would seal what nobody can open."""
        identity = x25519.Identity.generate()
        public = str(identity.to_public())
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = f"# made: {at.isoformat()}\n# public key: {public}\n{identity}\n"
        write_private(self.identity_file, text.encode())
        write_private(self.public_file, f"{public}\n".encode())


def _id_of(recipient: x25519.Recipient) -> str:
    """A short name of a key, kept in the ledger beside each object."""
    return hashlib.sha256(str(recipient).encode()).hexdigest()[:16]


def _recipient(file: Path) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(file.read_text("ascii").strip())
    except FileNotFoundError:
        remedy = "`make up` makes it, or PRECRISIS_KEYS_DIR names the folder that has it"
        raise SecretUnusable(f"{file} is missing: {remedy}") from None
    except (pyrage.RecipientError, UnicodeDecodeError):
        raise SecretUnusable(f"{file} holds no age public key") from None


def _identity(file: Path) -> x25519.Identity:
    lines = [line for line in _text(file).splitlines() if not line.startswith("#")]
    try:
        return x25519.Identity.from_str("".join(lines))
    except pyrage.IdentityError:
        raise SecretUnusable(f"{file} holds no age identity") from None


def _text(file: Path) -> str:
    remedy = "whoever may only write to the zone has none; a process that reads it needs it"
    return read_private(file, remedy)


def main() -> None:
    """Set-up's part: make the keys that are missing, or rotate one zone's by hand."""
    parser = argparse.ArgumentParser(prog="precrisis.zone_keys")
    parser.add_argument("act", choices=("make", "rotate"))
    parser.add_argument("zones", nargs="*", default=SEALED_ZONES)
    given = parser.parse_args()
    for zone in given.zones:
        getattr(ZoneKeys(settings().keys_dir, zone), given.act)(clock.now())


if __name__ == "__main__":
    main()
