"""Writes small OpenStreetMap extracts (.osm.pbf), for tests: no library that writes them is locked.

The format: https://wiki.openstreetmap.org/wiki/PBF_Format. Protocol buffers by hand, uncompressed.
"""

import struct
from pathlib import Path

NODE, WAY = 1, 3  # fields of a primitive group
Tags = dict[str, str]


def write(
    file: Path,
    nodes: dict[int, tuple[float, float, Tags]],
    ways: dict[int, tuple[list[int], Tags]] | None = None,
) -> None:
    """Write nodes (longitude, latitude in degrees, tags) and ways (nodes in order, tags)."""
    ways = ways or {}
    every = [tags for *_, tags in nodes.values()] + [tags for _, tags in ways.values()]
    words = ["", *dict.fromkeys(word for tags in every for pair in tags.items() for word in pair)]
    table = b"".join(_bytes(1, word.encode()) for word in words)
    groups = _bytes(
        2, b"".join(_bytes(NODE, _node(i, *node, words)) for i, node in sorted(nodes.items()))
    )
    if ways:
        groups += _bytes(
            2, b"".join(_bytes(WAY, _way(i, *way, words)) for i, way in sorted(ways.items()))
        )
    header = _bytes(4, b"OsmSchema-V0.6")
    file.write_bytes(_blob("OSMHeader", header) + _blob("OSMData", _bytes(1, table) + groups))


def _node(number: int, longitude: float, latitude: float, tags: Tags, words: list[str]) -> bytes:
    place = _number(8, _zigzag(round(latitude * 1e7))) + _number(9, _zigzag(round(longitude * 1e7)))
    return _number(1, _zigzag(number)) + _tags(tags, words) + place


def _way(number: int, nodes: list[int], tags: Tags, words: list[str]) -> bytes:
    steps = [node - before for before, node in zip([0, *nodes], nodes, strict=False)]
    return _number(1, number) + _tags(tags, words) + _packed(8, map(_zigzag, steps))


def _tags(tags: Tags, words: list[str]) -> bytes:
    return _packed(2, map(words.index, tags)) + _packed(3, map(words.index, tags.values()))


def _blob(kind: str, content: bytes) -> bytes:
    blob = _bytes(1, content)
    header = _bytes(1, kind.encode()) + _number(3, len(blob))
    return struct.pack(">I", len(header)) + header + blob


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _packed(field: int, values) -> bytes:
    content = b"".join(map(_varint, values))
    return _bytes(field, content) if content else b""


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
