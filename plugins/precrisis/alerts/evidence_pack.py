"""One file with all that may be handed on about an alert, each part with its checksum.

No footage and no post is in it, only their ledger: key, hash, when due, when deleted. Who packs it
and why is an entry of the audit log, with the hash of what was packed.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from precrisis import audit, store
from precrisis.alerts.replay import alert_row, replay
from precrisis.audit import Action
from precrisis.settings import ROOT, settings
from precrisis.warehouse import connect

# What says how the models and the configuration were; a pack holds ${VARIABLES}, no secret.
CARDS = ("models/README.md", "models/weights.toml", "models/video/attacks.json")
TABLES = """
SELECT table_name FROM information_schema.columns
WHERE table_schema = 'ops' AND column_name = 'alert_id' ORDER BY table_name
"""
CANDIDATES = "SELECT * FROM ops.alert_candidate WHERE candidate_id = ANY(%s) ORDER BY candidate_id"
LEDGER = "SELECT * FROM ops.object_ledger WHERE object_key = ANY(%s) ORDER BY object_key"
RECEIPTS = "SELECT * FROM ops.deletion_receipt WHERE object_key = ANY(%s) ORDER BY receipt_id"
OUTCOMES = "SELECT * FROM ops.outcome WHERE starts_with(item_key, %s) ORDER BY ended_at, step"
AUDIT = """
SELECT * FROM ops.audit_log WHERE subject = %(alert_id)s OR entry_id = ANY(%(entries)s)
ORDER BY entry_id
"""


def pack_evidence(alert_id: str, folder: Path, actor: str, reason: str) -> Path:
    """Write <folder>/<alert_id>.zip and log the disclosure; return the file.

    The log comes first: a pack of which no entry tells is never written.

    Raises:
        NoSuchAlert: there is none of this id.
        psycopg.errors.CheckViolation: no reason of 10 characters or more.
        ValueError: its inputs are not whole.
    """
    parts = _parts(alert_id)
    sums = "".join(f"{_sha256(parts[name])}  {name}\n" for name in sorted(parts))
    content = _zip({**parts, "SHA256SUMS": sums.encode()})
    facts = {"sha256": _sha256(content), "files": len(parts)}
    audit.append("auditor", Action.DISCLOSURE, alert_id, actor=actor, reason=reason, facts=facts)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{alert_id}.zip"
    target.write_bytes(content)
    target.chmod(0o600)
    return target


def _parts(alert_id: str) -> dict[str, bytes]:
    row, again = alert_row(alert_id), replay(alert_id)
    signs = row["inputs"].get("candidates", [])
    objects = sorted({key for sign in signs for key in sign["inputs"].get("segments", [])})
    entries = [version["entry_id"] for version in again.versions_then]
    with connect("auditor") as connection:
        tables = [found["table_name"] for found in connection.execute(TABLES)]
        parts = {f"{table}.json": _of_alert(connection, table, alert_id) for table in tables}
        for name, query, argument in (
            ("alert_candidate", CANDIDATES, [sign["candidate_id"] for sign in signs]),
            ("object_ledger", LEDGER, objects),
            ("deletion_receipt", RECEIPTS, objects),
            ("outcome", OUTCOMES, alert_id),
        ):
            parts[f"{name}.json"] = _json(connection.execute(query, (argument,)).fetchall())
        facts = {"alert_id": alert_id, "entries": entries}
        parts["audit_log.json"] = _json(connection.execute(AUDIT, facts).fetchall())
        broken = connection.execute("SELECT * FROM ops.broken_audit() LIMIT 5").fetchall()
        parts["audit_log_check.json"] = _json({"is_whole": not broken, "problems": broken})
    parts["replay.json"] = _json({"is_same": again.is_same, **asdict(again)})
    parts |= {f"published/{key}": content for key, content in _published(alert_id)}
    parts |= {f"models/{Path(name).name}": (ROOT / name).read_bytes() for name in CARDS}
    return parts | _configuration(settings().city_pack)


def _of_alert(connection: Connection, table: str, alert_id: str) -> bytes:
    query = sql.SQL("SELECT * FROM ops.{} AS t WHERE alert_id = %s ORDER BY t::text")
    return _json(connection.execute(query.format(sql.Identifier(table)), (alert_id,)).fetchall())


def _published(alert_id: str) -> Iterable[tuple[str, bytes]]:
    """The CAP files that went out, by their keys."""
    with connect("auditor") as connection:
        rows = connection.execute(
            "SELECT DISTINCT reference FROM ops.alert_delivery "
            "WHERE alert_id = %s AND starts_with(reference, 'published:') ORDER BY reference",
            (alert_id,),
        ).fetchall()
    keys = [row["reference"].partition(":")[2] for row in rows]
    return [(key, store.get("publish", "published", key)) for key in keys]


def _configuration(pack: Path) -> dict[str, bytes]:
    """The rules and the register as they are now, and the hash of every file of the pack."""
    files = sorted(file for file in pack.rglob("*") if file.is_file())
    sums = "".join(f"{_sha256(file.read_bytes())}  {file.relative_to(pack)}\n" for file in files)
    named = {f"city/{n}": (pack / n).read_bytes() for n in ("thresholds.yaml", "register.yaml")}
    return named | {"city/SHA256SUMS": sums.encode()}


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False, default=str, sort_keys=True).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts):
            archive.writestr(zipfile.ZipInfo(name), parts[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
