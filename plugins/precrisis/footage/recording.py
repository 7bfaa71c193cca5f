"""What a source offers and what fetching it gives, whatever kind of source it is."""

import datetime as dt
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any


@dataclass(frozen=True)
class Recording:
    """A stretch of one camera's footage that a source offers. `started_at` is UTC.

    `path` is its place within the source, so that no address with a login travels between tasks. A
    live camera has none: its `started_at` is when the stretch was asked for, one a run.
    """

    source_id: str
    camera_id: str
    started_at: dt.datetime | None
    path: str = ""
    size_bytes: int | None = None

    @property
    def key(self) -> str:
        """How the recording is named in outcomes: a file that was replaced is a new recording."""
        if self.is_live:
            return f"{self.source_id}/{self.camera_id}_{self.started_at:%Y%m%dT%H%M%SZ}"
        return f"{self.source_id}/{PurePosixPath(self.path).name} ({self.size_bytes} bytes)"

    @property
    def is_live(self) -> bool:
        return not self.path

    def to_json(self) -> dict[str, Any]:
        """The recording as it is handed from task to task."""
        return asdict(self) | {"started_at": self.started_at and self.started_at.isoformat()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Recording":
        """The recording that `to_json` wrote."""
        start = content["started_at"]
        return cls(**content | {"started_at": start and dt.datetime.fromisoformat(start)})


@dataclass(frozen=True)
class Fetched:
    """A recording at hand: its file, when its first picture was taken (UTC), how long it should be.

    `expected_s` is None where only the file itself says so.
    """

    file: Path
    started_at: dt.datetime
    expected_s: float | None = None
