"""Why a zone-hour stands out and what was not known, as structured sentences in two languages.

The sentences hold counts, kinds and event titles only; counts below the small-cell threshold
arrive here as None from the marts and stay unsaid.
"""

from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
CONTRIBUTIONS = (
    "baseline", "circumstances", "near_repeat",
    "crowding", "video_event", "public_voice", "context",
)  # fmt: skip


def reasons_of(row: Row) -> list[dict[str, Any]]:
    """Return one reason per contribution above zero, largest first.

    Each is {key, value (index points, 1 decimal), text_it, text_en}.
    """
    # An hour of before a contribution came to be has none of it.
    parts = [(key, float(row.get(f"contribution_{key}") or 0)) for key in CONTRIBUTIONS]
    parts = sorted((part for part in parts if part[1] > 0), key=lambda part: (-part[1], part[0]))
    return [_reason(key, value, row) for key, value in parts]


def urgent_reason(key: str, kind: str, value: float) -> dict[str, Any]:
    """Return the reason of an urgent alert: a kind of video event and its index points."""
    text_it, text_en = _URGENT.get(kind, _OTHER_URGENT)
    return {"key": key, "value": round(value, 1), "text_it": text_it, "text_en": text_en}


def planned_reason(title: str, value: float) -> dict[str, Any]:
    """Return the reason that something is planned at the place, with its index points."""
    return _reason("context", value, {"event_title": title})


def unknowns_of(row: Row) -> list[dict[str, str]]:
    """Return what was not looked at for this zone-hour: {key, text_it, text_en} each."""
    return [
        {"key": key, "text_it": text_it, "text_en": text_en}
        for key, column, text_it, text_en in _UNKNOWNS
        if row.get(column) is False
    ]


def _reason(key: str, value: float, row: Row) -> dict[str, Any]:
    text_it, text_en = _SENTENCES[key](row)
    return {"key": key, "value": round(value, 1), "text_it": text_it, "text_en": text_en}


def _baseline(row: Row) -> tuple[str, str]:
    return (
        "Episodi registrati qui, in quest'ora della settimana, nei mesi passati",
        "Incidents recorded here at this hour of the week in past months",
    )


def _circumstances(_: Row) -> tuple[str, str]:
    return (
        "Meteo, luce, festività o eventi che qui, di solito, portano più episodi",
        "Weather, light, holidays or events that bring more incidents here, as a rule",
    )


def _near_repeat(_: Row) -> tuple[str, str]:
    return (
        "Episodi dei giorni scorsi, qui o vicino: altri ne seguono più spesso del caso",
        "Incidents of the last days here or nearby: more follow than by chance",
    )


def _crowding(row: Row) -> tuple[str, str]:
    people = row.get("people_mean")
    if people is None:
        return "Affollamento della zona", "Crowding of the place"
    return (
        f"Affollamento: in media {people:.0f} persone presenti",
        f"Crowding: {people:.0f} people present on average",
    )


def _video_event(row: Row) -> tuple[str, str]:
    count = int(row.get("video_event_count") or 0)
    if count == 0:
        return "Evento insolito rilevato dal video", "Unusual event seen by video"
    if count == 1:
        return "1 evento insolito rilevato dal video", "1 unusual event seen by video"
    return f"{count} eventi insoliti rilevati dal video", f"{count} unusual events seen by video"


def _public_voice(row: Row) -> tuple[str, str]:
    count = row.get("alarming_post_count")
    if count is None:
        return "Messaggi pubblici allarmati su questo luogo", "Alarmed public posts on this place"
    return (
        f"{count} messaggi pubblici allarmati su questo luogo",
        f"{count} alarmed public posts about this place",
    )


def _context(row: Row) -> tuple[str, str]:
    title = row.get("event_title")
    if not title:
        return "Circostanze del luogo e dell'ora", "Circumstances of place and hour"
    return f"Evento in programma: {title}", f"Scheduled event: {title}"


_SENTENCES: dict[str, Callable[[Row], tuple[str, str]]] = {
    "baseline": _baseline,
    "circumstances": _circumstances,
    "near_repeat": _near_repeat,
    "crowding": _crowding,
    "video_event": _video_event,
    "public_voice": _public_voice,
    "context": _context,
}

_URGENT = {
    "density_level": ("Folla molto fitta vista dal video", "Very dense crowd seen by video"),
    "vehicle_in_pedestrian_zone": (
        "Veicolo in area pedonale visto dal video",
        "Vehicle in a pedestrian zone seen by video",
    ),
}
_OTHER_URGENT = ("Evento urgente visto dal video", "Urgent event seen by video")

_UNKNOWNS = (
    (
        "no_camera",
        "has_camera",
        "Nessuna telecamera ha visto la zona: affollamento ed eventi non sono noti",
        "No camera saw the zone: crowding and events are not known",
    ),
    (
        "no_posts",
        "has_posts",
        "Nessun messaggio pubblico su questo luogo: che cosa ne dice la gente non è noto",
        "No public posts about this place: what people say is not known",
    ),
    (
        "no_baseline",
        "has_baseline",
        "Manca la previsione dagli episodi passati: il livello consueto non è noto",
        "No forecast from past incidents: the usual level is not known",
    ),
    (
        "no_circumstances",
        "has_circumstances",
        "Meteo, luce o ultimi episodi non erano noti: il livello consueto è quello di un'ora media",
        "Weather, light or the last incidents were not known: the usual level is an average hour's",
    ),
)
