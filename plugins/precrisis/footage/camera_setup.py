"""The city pack's cameras and thresholds as the camera models want them."""

from functools import lru_cache

from precrisis.city import city
from precrisis.pack.places import Camera
from precrisis.settings import settings


@lru_cache(maxsize=1)
def detector():
    """The warm detector of this process."""
    from models.video.detector import Detector

    return Detector(settings().cache / "weights" / "nanodet.onnx", threads=1)


def camera_view(camera: Camera):
    """The city pack's camera as the model wants it."""
    from models.video.ground import Mark, ground_plane
    from models.video.view import CameraView
    from models.video.view import Line as ModelLine
    from models.video.view import Region as ModelRegion

    regions = tuple(
        ModelRegion(
            zone_id=region.zone_id,
            polygon=tuple(region.polygon),
            area_m2=region.area_m2,
            is_pedestrian=city().zone(region.zone_id).is_pedestrian,
            way_deg=region.way_deg,
        )
        for region in camera.regions
    )
    ground = ground_plane([Mark(*mark) for mark in camera.ground]) if camera.ground else None
    lines = tuple(ModelLine(line.line_id, *line.points) for line in camera.lines)
    return CameraView(
        camera.camera_id, regions, camera.analysis_rate_hz, ground, lines, camera.tiles
    )


def rules():
    """The city's thresholds for named events, as the model wants them."""
    from models.video.crowding import CrowdRules
    from models.video.events import SIGN_KINDS, EventRules

    values = {name: t.value for name, t in city().thresholds.video_events.items()}
    return EventRules(
        people_mean_in_closed_zone=values["intrusion"],
        density_per_m2=values["density_level"],
        vehicles_mean_in_pedestrian_zone=values["vehicle_in_pedestrian_zone"],
        min_windows=int(values["min_windows"]),
        max_gap_s=values["max_gap_s"],
        pedestrian_zones=frozenset(z.zone_id for z in city().zones if z.is_pedestrian),
        is_closed=lambda zone_id, moment: city().zone(zone_id).is_closed(moment, city().timezone),
        sign_limits={kind: values[kind] for kind in SIGN_KINDS & values.keys()},
        crowd=CrowdRules(values["crowd_people"], values["crowd_factor"])
        if {"crowd_people", "crowd_factor"} <= values.keys()
        else None,
    )
