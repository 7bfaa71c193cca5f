"""The recipient's side: check who signed a parcel, decrypt it, compare every hash, unpack it.

    python -m precrisis.sharing.verify FOLDER --platform-key platform.pub
    python -m precrisis.sharing.verify FOLDER --platform-key platform.pub \\
        --identity key.txt --out OUT

The first form checks without decrypting. The platform's key must have come to you another way than
the parcel, which anyone could have signed with a key of their own. Needs pyrage and cryptography.
"""

import argparse
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pyrage
from pyrage import x25519

from precrisis.sharing import signing

FORMAT = "precrisis-share/1"
ARCHIVE, MANIFEST, SIGNATURE, PUBLIC_KEY = (
    "data.tar.age", "manifest.json", "manifest.json.sig", "platform.pub",
)  # fmt: skip


class NotAsSent(ValueError):
    """A parcel is not what the platform sent, or not for this key; says what does not fit."""


def check(parcel: dict[str, bytes], platform_key: bytes) -> dict[str, Any]:
    """Return the manifest of a parcel (content by name) whose signature and archive are right.

    Raises:
        NotAsSent: something is missing, was altered, or was signed by another key.
    """
    if missing := sorted({ARCHIVE, MANIFEST, SIGNATURE} - set(parcel)):
        raise NotAsSent(f"{', '.join(missing)} is missing: fetch the whole folder again")
    try:
        signing.verify(platform_key, parcel[SIGNATURE], parcel[MANIFEST])
    except signing.BadSignature as error:
        raise NotAsSent(f"{MANIFEST}: {error}") from None
    manifest = json.loads(parcel[MANIFEST])
    if manifest["format"] != FORMAT:
        raise NotAsSent(f"{MANIFEST} has format {manifest['format']}; this tool reads {FORMAT}")
    _same(parcel[ARCHIVE], manifest["archive"]["sha256"], ARCHIVE)
    return manifest


def unpacked(parcel: dict[str, bytes], platform_key: bytes, identity: str) -> dict[str, bytes]:
    """Return the files of a parcel, content by name, checked one by one.

    Args:
        identity: the recipient's age identity (AGE-SECRET-KEY-1...).

    Raises:
        NotAsSent: as `check`; or the parcel is for another key.
    """
    manifest = check(parcel, platform_key)
    try:
        archive = pyrage.decrypt(parcel[ARCHIVE], [x25519.Identity.from_str(identity)])
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise NotAsSent(f"{ARCHIVE} can't be opened with this identity: {error}") from None
    _same(archive, manifest["archive"]["content_sha256"], "the archive")
    files = _members(archive)
    expected = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    if set(files) != set(expected):
        raise NotAsSent(f"the archive holds {sorted(files)}, the manifest {sorted(expected)}")
    for name, content in files.items():
        _same(content, expected[name], name)
    return files


def sha256(content: bytes) -> str:
    """Hash of a content, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _same(content: bytes, expected: str, name: str) -> None:
    if sha256(content) != expected:
        raise NotAsSent(f"{name} is not what the manifest says (sha256)")


def _members(archive: bytes) -> dict[str, bytes]:
    """Regular files at the top of the archive; nothing in it decides where something is written."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened:
            if not member.isfile() or Path(member.name).name != member.name:
                raise NotAsSent("the archive holds more than plain files")
            found[member.name] = opened.extractfile(member).read()
    return found


def main() -> None:
    """Check a folder; unpack it where an identity is given. Exit 1 when anything does not fit."""
    parser = argparse.ArgumentParser(prog="precrisis.sharing.verify")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--platform-key", type=Path, required=True)
    parser.add_argument("--identity", type=Path, help="file of your age identity")
    parser.add_argument("--out", type=Path, help="where the files go; default: the folder itself")
    given = parser.parse_args()
    parcel = {file.name: file.read_bytes() for file in given.folder.iterdir() if file.is_file()}
    platform_key = given.platform_key.read_bytes()
    try:
        manifest = check(parcel, platform_key)
        files = {}
        if given.identity:
            lines = given.identity.read_text().splitlines()
            identity = next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
            files = unpacked(parcel, platform_key, identity)
    except NotAsSent as error:
        sys.exit(f"NOT as sent: {error}")
    target = given.out or given.folder
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
    period = manifest["period"]
    print(
        f"as sent: {manifest['agreement_id']}, {period['first_day']} to {period['last_day']}, "
        f"{manifest['row_count']} rows, {manifest['suppressed_count']} with something hidden"
    )


if __name__ == "__main__":
    main()
