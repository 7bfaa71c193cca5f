"""The parcel a partner receives: files in an archive, encrypted to it, with a signed manifest.

The archive is the same bytes for the same cells; encryption is different each time. The manifest is
not secret: it says what was let out, on what basis, with the hash of everything.
"""

import datetime as dt
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyrage
from pyrage import x25519

from precrisis.sharing import signing
from precrisis.sharing.agreement import Agreement
from precrisis.sharing.cells import Cells
from precrisis.sharing.period import DAY, Period
from precrisis.sharing.verify import ARCHIVE, FORMAT, MANIFEST, PUBLIC_KEY, SIGNATURE, sha256
from precrisis.version import code_sha256


def archived(files: dict[str, bytes], period: Period) -> bytes:
    """Return files (content by name) as a tar archive that depends on nothing else."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o644
            entry.mtime = int(period.end_at.timestamp())
            archive.addfile(entry, io.BytesIO(files[name]))
    return stream.getvalue()


def sealed_parcel(
    agreement: Agreement, period: Period, cells: Cells, files: dict[str, bytes], at: dt.datetime,
    keys: Path,
) -> dict[str, bytes]:  # fmt: skip
    """Return the parcel's objects, content by name.

    Args:
        files: what is in the archive, content by name.
        at: when it was made (UTC).
        keys: the folder of the platform's signing key.

    Raises:
        SecretUnusable: the signing key is missing.
    """
    archive = archived(files, period)
    encrypted = pyrage.encrypt(archive, [x25519.Recipient.from_str(agreement.public_key)])
    content = _manifest(agreement, period, cells) | {
        "files": [_file(name, files[name]) for name in sorted(files)],
        "archive": _file(ARCHIVE, encrypted) | {"content_sha256": sha256(archive)},
        "generated_at": at.isoformat(timespec="seconds"),
        "platform_version": code_sha256(),
    }
    manifest = json.dumps(content, ensure_ascii=False, indent=1).encode()
    signature, public_key = signing.sign(keys, manifest)
    return {
        ARCHIVE: encrypted,
        PUBLIC_KEY: public_key,
        MANIFEST: manifest,
        SIGNATURE: signature,
    }


def _manifest(agreement: Agreement, period: Period, cells: Cells) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "agreement_id": agreement.agreement_id,
        "recipient": agreement.recipient.organisation,
        "purpose": agreement.purpose,
        "legal_basis": agreement.legal_basis,
        "act": agreement.act,
        "valid_until": agreement.valid_until.isoformat(),
        "mart": agreement.mart,
        "fields": agreement.fields,
        "area": agreement.area.model_dump(),
        "k": agreement.k,
        "time_step": agreement.time_step,
        "period": {
            "first_day": period.first.isoformat(),
            "last_day": (period.end - DAY).isoformat(),
            "start_at": period.start_at.isoformat(),
            "end_at": period.end_at.isoformat(),
            "time_zone": period.time_zone.key,
        },
        "row_count": len(cells.rows),
        "suppressed_count": cells.suppressed_count,
    }


def _file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "sha256": sha256(content), "size_bytes": len(content)}
