"""Italian for Superset's own words, numbers and dates.

Superset 6.1 ships an Italian pack of which most entries are wrong guesses ("No data" reads
"Metadati JSON"). It is replaced by a short list of the words that our readers meet; what the
list lacks stays English, which is better than nonsense (words.py).
"""

from flask import Response, jsonify, request
from words import italian_pack

_MONTHS = [
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
]
ITALIAN_NUMBERS = {
    "decimal": ",",
    "thousands": ".",
    "grouping": [3],
    "currency": ["", " €"],
}
ITALIAN_TIMES = {
    "dateTime": "%A %e %B %Y, %X",
    "date": "%d/%m/%Y",
    "time": "%H:%M:%S",
    "periods": ["AM", "PM"],
    "days": ["domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"],
    "shortDays": ["dom", "lun", "mar", "mer", "gio", "ven", "sab"],
    "months": _MONTHS,
    "shortMonths": [month[:3] for month in _MONTHS],
}


def answer_pack() -> Response | None:
    """Answer the page's request for Italian words; None lets any other request go on."""
    if request.path.rstrip("/") == "/superset/language_pack/it":
        return jsonify(italian_pack())
    return None
