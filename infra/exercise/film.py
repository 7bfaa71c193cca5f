"""Footage of vehicles among people, drawn over OpenCV's sample clip (PETS 2009).

The vehicle is one that stands in the clip's own car park: cut out, enlarged as if nearer, and moved
through the part of the picture where people walk. The detector looks at it as at any footage.
"""

from pathlib import Path

RATE_HZ = 10
VEHICLE = (645, 37, 730, 104)  # left, top, right, bottom in px of the clip's first frames
ENLARGED = 1.6
LANES = (330, 420, 240)  # top of each vehicle's way, px


def drive_through(clip: Path, target: Path, seconds: int, vehicle_count: int) -> None:
    """Write `seconds` of the clip with vehicles that drive back and forth among its people."""
    import cv2

    film = cv2.VideoCapture(str(clip))
    width, height = (
        int(film.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(film.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"MJPG"), RATE_HZ, (width, height))
    left, top, right, bottom = VEHICLE
    for number in range(seconds * RATE_HZ):
        _, frame = film.read()
        vehicle = cv2.resize(frame[top:bottom, left:right], None, fx=ENLARGED, fy=ENLARGED)
        for lane in range(vehicle_count):
            x = _position(number + 60 * lane, width - vehicle.shape[1])
            y = LANES[lane]
            frame[y : y + vehicle.shape[0], x : x + vehicle.shape[1]] = vehicle
        writer.write(frame)
    film.release()
    writer.release()


def _position(number: int, room: int) -> int:
    """Back and forth within `room` pixels, 4 a frame."""
    way = 4 * number % (2 * room)
    return way if way < room else 2 * room - way
