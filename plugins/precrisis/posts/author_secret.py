"""Weekly secrets behind author keys and post hashes. Without its secret a key leads to nobody.

Requirement G6: an author can be recognised within one ISO week (UTC) and never across weeks. Once
a week's secret is destroyed not even the operator can tie its keys to an account.
"""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from precrisis.secret_files import shred, write_through
from precrisis.settings import settings

SECRET_BYTES = 32
WEEK = re.compile(r"\d{4}-W\d{2}")
# Weeks before the one named in this file are gone and never made again.
HORIZON_NAME = "destroyed-before"


class SecretDestroyed(LookupError):
    """A key is asked for in a week whose secret no longer exists."""


def iso_week(at: datetime) -> str:
    """The ISO week of a moment in UTC, such as '2026-W47'; weeks compare as text."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02d}"


def author_secrets() -> "AuthorSecrets":
    """The weekly secrets of this stack."""
    return AuthorSecrets(settings().state / "secrets" / "author")


@dataclass(frozen=True)
class AuthorSecrets:
    """The secrets in one folder, a file a week, mode 0600."""

    folder: Path

    def secret_for(self, week: str) -> bytes:
        """The 32 bytes of a week ('2026-W47'), made on first use.

        Raises SecretDestroyed for a week before the horizon, ValueError for a malformed week.
        """
        if not WEEK.fullmatch(week):
            raise ValueError(f"{week!r} is not an ISO week; write it like 2026-W47")
        if week < self._horizon():
            raise SecretDestroyed(
                f"the author secret of {week} was destroyed; leave posts that old"
            )
        path = self.folder / f"{week}.key"
        if not path.exists():
            self._create(path)
        return path.read_bytes()

    def secret_at(self, at: datetime) -> bytes:
        """The secret of the week that a moment falls in. Raises as `secret_for`."""
        return self.secret_for(iso_week(at))

    def weeks(self) -> list[str]:
        """The weeks that have a secret, in order."""
        return sorted(path.stem for path in self.folder.glob("*.key"))

    def destroy_before(self, week: str) -> list[str]:
        """Overwrite and delete the secrets of all earlier weeks; the weeks destroyed, in order."""
        if not WEEK.fullmatch(week):
            raise ValueError(f"{week!r} is not an ISO week; write it like 2026-W47")
        self._raise_horizon(week)
        doomed = [known for known in self.weeks() if known < week]
        for known in doomed:
            shred(self.folder / f"{known}.key")
        return doomed

    def _horizon(self) -> str:
        path = self.folder / HORIZON_NAME
        return path.read_text("ascii").strip() if path.exists() else ""

    def _raise_horizon(self, week: str) -> None:
        """Written before anything is deleted: a crash in between can't bring a week back."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if week > self._horizon():
            draft = self.folder / f"{HORIZON_NAME}.{os.getpid()}"
            draft.write_text(week, "ascii")
            draft.replace(self.folder / HORIZON_NAME)

    def _create(self, path: Path) -> None:
        """Two processes may come at once: a whole file is linked in, and the first one wins."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f".{path.stem}.{secrets.token_hex(8)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            write_through(handle, secrets.token_bytes(SECRET_BYTES))
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
