"""A live camera for tests: RTSP 1.0 over TCP, with a picture, a sound track and a login.

ffmpeg films a test picture and a tone all the time and sends both as RTP to this process. Who plays
gets the packets of the tracks that it has set up, interleaved with the answers (RFC 2326, 10.12).
"""

import base64
import re
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from pathlib import Path

FILM = (
    "ffmpeg -nostdin -v error -re -f lavfi -i testsrc=size=160x120:rate=10 "
    "-re -f lavfi -i sine=frequency=440:sample_rate=8000 "
    "-map 0 -c:v libx264 -pix_fmt yuv420p -preset ultrafast -tune zerolatency -g 10 -threads 1 "
    "-f rtp {video} "
    "-map 1 -c:a pcm_mulaw -f rtp {audio} -sdp_file {sdp}"
)
TRACKS = ("video", "audio")
ROOM = 4 * 2**20  # bytes of packets that wait for a relay kept from its work


class Camera:
    """Films while it is entered; `asked_for` are the tracks that clients have set up.

    With `falls_silent_after_s` it stops sending so long after PLAY, and keeps the line open. Each
    client is sent pictures `apart_s` later than the one before it. `film`: another command.
    """

    def __init__(
        self,
        login: str = "",
        falls_silent_after_s: float = 1e9,
        film: str = FILM,
        apart_s: float = 0.0,
    ) -> None:
        self.login, self.falls_silent_after_s = login, falls_silent_after_s
        self.film, self.apart_s = film, apart_s
        self.asked_for: set[str] = set()
        self.players: list[_Session] = []
        self._folder = tempfile.TemporaryDirectory()
        self._inputs = {track: socket.socket(type=socket.SOCK_DGRAM) for track in TRACKS}
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
        self._server.daemon_threads, self._server.camera = True, self

    def __enter__(self) -> "Camera":
        for track, entry in self._inputs.items():
            entry.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
            entry.bind(("127.0.0.1", 0))
            threading.Thread(target=self._relay, args=(track, entry), daemon=True).start()
        places = {t: f"rtp://127.0.0.1:{s.getsockname()[1]}" for t, s in self._inputs.items()}
        sdp = Path(self._folder.name) / "camera.sdp"
        self._encoder = subprocess.Popen(self.film.format(sdp=sdp, **places).split())
        until = time.monotonic() + 20
        while not (sdp.exists() and "m=audio" in sdp.read_text()):
            assert time.monotonic() < until, "ffmpeg does not film"
            time.sleep(0.05)
        # As ffmpeg wrote it, but for the ports, and with a name for each track.
        lines = re.sub(r"(m=\w+) \d+", r"\1 0", sdp.read_text()).splitlines()
        parts = "\n".join(lines).split("\nm=")
        named = [f"{part}\na=control:{part.split()[0]}" for part in parts[1:]]
        self.description = "\nm=".join([parts[0], *named]).replace("\n", "\r\n") + "\r\n"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._encoder.kill()
        self._encoder.wait(timeout=10)
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    def address(self, login: str | None = None) -> str:
        """Where it is reached, signed in with its own login or another."""
        sign_in = self.login if login is None else login
        port = self._server.server_address[1]
        return f"rtsp://{sign_in}{'@' if sign_in else ''}127.0.0.1:{port}/live"

    def _relay(self, track: str, entry: socket.socket) -> None:
        while True:
            packet = entry.recv(65_535)
            for player in list(self.players):
                player.send(track, packet)


class _Session(socketserver.StreamRequestHandler):
    """One client's connection."""

    def handle(self) -> None:
        self.camera, self.channels = self.server.camera, {}
        self.line, self.plays_since = threading.Lock(), None
        while first := self.rfile.read(1):
            if first == b"$":  # the client's own reports
                self.rfile.read(int.from_bytes(self.rfile.read(3)[1:], "big"))
                continue
            head = first.decode()
            while not head.endswith("\r\n\r\n"):
                head += self.rfile.readline().decode()
            if not self._answer(head):
                return

    def finish(self) -> None:
        if self in self.camera.players:
            self.camera.players.remove(self)
        super().finish()

    def send(self, track: str, packet: bytes) -> None:
        plays_s = time.monotonic() - self.plays_since
        if track in self.channels and 0 <= plays_s <= self.camera.falls_silent_after_s:
            frame = b"$" + bytes([self.channels[track]]) + len(packet).to_bytes(2, "big")
            self._write(frame + packet)

    def _answer(self, head: str) -> bool:
        method, address, _ = head.split(" ", 2)
        if method != "OPTIONS" and not self._may_enter(head):
            return self._say(head, "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"')
        if method == "DESCRIBE":
            sdp = ("Content-Type: application/sdp", f"Content-Base: {address}/")
            return self._say(head, "200 OK", *sdp, body=self.camera.description)
        if method == "SETUP":
            track = address.rsplit("/", 1)[-1]
            channel = int(re.search(r"interleaved=(\d+)", head)[1])
            self.channels[track] = channel
            self.camera.asked_for.add(track)
            way = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
            return self._say(head, "200 OK", f"Transport: {way}", "Session: 12345678")
        self._say(head, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        if method == "PLAY":
            self.plays_since = time.monotonic() + self.camera.apart_s * len(self.camera.players)
            self.camera.players.append(self)
        return method != "TEARDOWN"

    def _may_enter(self, head: str) -> bool:
        token = base64.b64encode(self.camera.login.encode()).decode()
        return not self.camera.login or f"Authorization: Basic {token}" in head

    def _say(self, head: str, status: str, *headers: str, body: str = "") -> bool:
        number = re.search(r"CSeq: *(\d+)", head)[1]
        lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers, f"Content-Length: {len(body)}"]
        self._write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        return True

    def _write(self, content: bytes) -> None:
        with self.line:
            try:
                self.wfile.write(content)
            except OSError:  # the client has hung up
                self.channels = {}
