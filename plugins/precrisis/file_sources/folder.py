"""A source that is an export folder, mounted where the tasks run."""

import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from precrisis.file_sources.offered import OfferedFile, SourceUnreadable
from precrisis.pack.sources import Source

# A file that changed later than this may still be being written. The size alone can't tell.
SETTLED_AFTER_S = 30.0

log = logging.getLogger(__name__)


def listed(source: Source) -> list[OfferedFile]:
    """The files that are not being written any more.

    Raises:
        SourceUnreadable: the folder, or one below it, is not there or may not be read.
    """
    files = list(_files(source))
    settled = [
        OfferedFile(path, status.st_size, str(status.st_mtime_ns))
        for path, status in files
        if not _is_fresh(status)
    ]
    if fresh_count := len(files) - len(settled):
        log.info(
            "source %s: %d files changed less than %.0f s ago; the next run meets them",
            source.source_id, fresh_count, SETTLED_AFTER_S,
        )  # fmt: skip
    return settled


def _files(source: Source) -> Iterator[tuple[str, os.stat_result]]:
    root = Path(source.address)
    for folder, _, names in os.walk(root, onerror=_unreadable(source)):
        for name in names:
            path = Path(folder, name)
            try:
                status = path.stat()
            except FileNotFoundError:  # renamed or removed meanwhile
                continue
            if stat.S_ISREG(status.st_mode):
                yield path.relative_to(root).as_posix(), status


def _is_fresh(status: os.stat_result) -> bool:
    """A time far ahead is another machine's clock, and would hide the file for as long."""
    return abs(time.time() - status.st_mtime) < SETTLED_AFTER_S


def _unreadable(source: Source) -> Callable[[OSError], None]:
    def stop(error: OSError) -> None:
        raise SourceUnreadable(
            f"Source '{source.source_id}': folder {error.filename} can't be read "
            f"({error.strerror}); mount it, allow it, or correct the address in sources.yaml."
        ) from None

    return stop
