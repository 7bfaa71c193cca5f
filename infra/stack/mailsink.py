"""The SMTP server of the demo and the tests: every message becomes a file, none leaves.

Usage: python -m infra.stack.mailsink PORT FOLDER
"""

import asyncio
import hashlib
import sys
from pathlib import Path

from aiosmtpd.controller import Controller


class FileSink:
    """Write each message once, named by its content, so that a repeated send is seen."""

    def __init__(self, folder: Path):
        self.folder = folder

    async def handle_DATA(self, server, session, envelope) -> str:
        content = envelope.original_content
        name = hashlib.sha256(content).hexdigest()[:16]
        existing = len(list(self.folder.glob("*.eml")))
        (self.folder / f"{existing + 1:04d}-{name}.eml").write_bytes(content)
        return "250 Message accepted for delivery"


def main(port: str, folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    controller = Controller(FileSink(Path(folder)), hostname="127.0.0.1", port=int(port))
    controller.start()
    asyncio.new_event_loop().run_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
