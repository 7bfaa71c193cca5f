"""Which format a layer's file has, by its ending and its first bytes, before a reader opens it.

GDAL would open whatever it knows, under any name: also files that name other files or addresses.
"""

import zipfile
from pathlib import Path

from precrisis.outcome import Refused

LARGEST_BYTES = 2_000_000_000  # an extract of a large region
BEGINNINGS = {
    ".geojson": (b"{", b"\xef\xbb\xbf{"),
    ".json": (b"{", b"\xef\xbb\xbf{"),
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\0\0\x27\x0a",),
    ".pbf": (b"\0\0\0",),
}
OSM_HEADER = b"OSMHeader"
ENDINGS = ".geojson, .gpkg, .shp, .zip or .osm.pbf"


def opened_as(address: str) -> str:
    """Return the path that GDAL is given for a file; a zip must hold one layer file.

    Raises:
        FileNotFoundError: there is none.
        Refused: it is too large, or not what its name says.
    """
    path = Path(address)
    if path.stat().st_size > LARGEST_BYTES:
        raise Refused("file_is_small", f"more than {LARGEST_BYTES} bytes; cut it to the city")
    if path.suffix == ".zip":
        return f"/vsizip/{path}/{_only_layer(path)}"
    with path.open("rb") as stream:
        _expect(path.name, path.suffix, stream.read(64))
    return str(path)


def is_osm(address: str) -> bool:
    """True for an OpenStreetMap extract."""
    return address.endswith(".pbf")


def _only_layer(path: Path) -> str:
    """The one file of a zip that holds a layer; what belongs to it, such as .dbf, is beside it."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > LARGEST_BYTES:
                raise Refused("file_is_small", f"it unpacks to more than {LARGEST_BYTES} bytes")
            found = [entry.filename for entry in entries if _suffix(entry.filename) in BEGINNINGS]
            if len(found) != 1:
                reason = f"the zip holds {len(found)} layer files instead of one"
                raise Refused("file_readable", reason)
            with archive.open(found[0]) as stream:
                _expect(found[0], _suffix(found[0]), stream.read(64))
            return found[0]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):  # broken, or encrypted
        raise Refused("file_readable", "not a zip that can be read; pack it anew") from None


def _suffix(name: str) -> str:
    return "" if name.startswith("__MACOSX/") else Path(name).suffix


def _expect(name: str, suffix: str, beginning: bytes) -> None:
    if not beginning:
        raise Refused("file_not_empty", "the file is empty; look at what writes it")
    if suffix not in BEGINNINGS:
        raise Refused("file_readable", f"a layer is a file {ENDINGS}")
    is_so = beginning.lstrip().startswith(BEGINNINGS[suffix])
    if not is_so or (suffix == ".pbf" and OSM_HEADER not in beginning):
        reason = f"it ends in {suffix} and is none; save it anew from the program that made it"
        raise Refused("file_readable", reason)
