"""Where a record happened, from its file's longitude and latitude."""

import shapely

from precrisis.records.files import number_of


def point_of(line: dict[str, str]) -> shapely.Point | None:
    """The point of a row in EPSG:4326, or None where a coordinate is missing."""
    longitude, latitude = number_of(line["longitude"]), number_of(line["latitude"])
    if longitude is None or latitude is None:
        return None
    return shapely.set_srid(shapely.Point(longitude, latitude), 4326)
