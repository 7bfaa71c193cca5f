"""Superset, as PreCrisis runs it. Everything that differs between places comes from environment.

Required: SUPERSET_SECRET_KEY (stable: it encrypts the stored database password),
SUPERSET_METADATA_URI (Superset's own database), PRECRISIS_CITY_PACK (folder of the city pack).
Optional: SUPERSET_URL (address that browsers use), PRECRISIS_LANGUAGE ("it" or "en").

Put this folder on PYTHONPATH; Superset then finds this module by its name.
"""

import os
from copy import deepcopy
from pathlib import Path

import language
import tiles
import words
from flask import request
from superset.config import DATA_DIR
from superset.config import TALISMAN_CONFIG as _TALISMAN_DEFAULT
from superset.config import THEME_DEFAULT as _THEME_DEFAULT


def _required(name: str, remedy: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise RuntimeError(f"{name} is not set: {remedy}")
    return value


SECRET_KEY = _required("SUPERSET_SECRET_KEY", "give a long random string and keep it")
SQLALCHEMY_DATABASE_URI = _required(
    "SUPERSET_METADATA_URI", "give postgresql+psycopg2://user:password@host:port/superset"
)
_URL = os.environ.get("SUPERSET_URL", "http://127.0.0.1:8088").rstrip("/")
_LANGUAGE = os.environ.get("PRECRISIS_LANGUAGE", "it")
_IS_HTTPS = _URL.startswith("https://")

APP_NAME = "PreCrisis"
FEATURE_FLAGS = {"DRILL_BY": True, "DRILL_TO_DETAIL": True, "DASHBOARD_VIRTUALIZATION": True}
# The map's features travel in one answer; a region has far fewer zones than this.
ROW_LIMIT = 10_000

# --- language -----------------------------------------------------------------------------------
LANGUAGES = {
    "it": {"flag": "it", "name": "Italiano"},
    "en": {"flag": "gb", "name": "English"},
}
BABEL_DEFAULT_LOCALE = _LANGUAGE if _LANGUAGE in LANGUAGES else "en"
if BABEL_DEFAULT_LOCALE == "it":
    D3_FORMAT, D3_TIME_FORMAT = language.ITALIAN_NUMBERS, language.ITALIAN_TIMES
BABEL_TRANSLATION_DIRECTORIES = words.write_catalogue(Path(DATA_DIR))

# --- caches -------------------------------------------------------------------------------------
# GET /superset/explore_json (the map's layers) is cached by URL alone, neither by user nor by
# row-level rule: with a shared cache one user would get the rows of another.
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}

# --- browser security ---------------------------------------------------------------------------
SESSION_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
WTF_CSRF_ENABLED = True
# Counted in the one process of gunicorn. A dashboard asks for dozens of tiles and charts at once.
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = "200 per second"
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "20 per minute"
TALISMAN_ENABLED = True
TALISMAN_CONFIG = deepcopy(_TALISMAN_DEFAULT)
TALISMAN_CONFIG["session_cookie_secure"] = _IS_HTTPS
TALISMAN_CONFIG["strict_transport_security"] = _IS_HTTPS
TALISMAN_CONFIG["referrer_policy"] = "same-origin"
TALISMAN_CONFIG["permissions_policy"] = {"camera": "()", "microphone": "()", "geolocation": "()"}
# Only ourselves: no map provider, no font server, no telemetry pixel.
_OWN_SOURCES = ("'", "blob:", "data:")
for _directive, _sources in TALISMAN_CONFIG["content_security_policy"].items():
    if isinstance(_sources, list):
        TALISMAN_CONFIG["content_security_policy"][_directive] = [
            source for source in _sources if source.startswith(_OWN_SOURCES)
        ]
TALISMAN_CONFIG["content_security_policy"]["frame-ancestors"] = ["'self'"]
TALISMAN_CONFIG["content_security_policy"]["form-action"] = ["'self'"]


API_SIGN_IN = "SecurityApi.login"


def FLASK_APP_MUTATOR(app) -> None:
    """Serve our Italian words, and let nobody store the map's rows: they depend on who asks."""
    app.before_request(language.answer_pack)
    app.after_request(_forbid_storing_map_rows)
    _limit_sign_in_by_api(app)


def _limit_sign_in_by_api(app) -> None:
    """The limit of the sign-in page does not reach the same act through the API."""
    limit = app.appbuilder.sm.limiter.limit(AUTH_RATE_LIMIT, methods=["POST"])
    app.view_functions[API_SIGN_IN] = limit(app.view_functions[API_SIGN_IN])


def _forbid_storing_map_rows(response):
    if request.path.startswith("/superset/explore_json"):
        for header in ("Expires", "ETag", "Last-Modified"):
            response.headers.pop(header, None)
        response.headers["Cache-Control"] = "private, no-store"
    return response


# --- look ---------------------------------------------------------------------------------------
FAVICONS = [{"href": "/brand/mark.svg"}]
THEME_DEFAULT = {
    "token": {
        **_THEME_DEFAULT["token"],
        "brandAppName": APP_NAME,
        "brandLogoAlt": APP_NAME,
        "brandLogoUrl": "/brand/logo.svg",
        "brandLogoHref": "/superset/dashboard/city-safety/",
        "colorPrimary": "#0b4f6c",
        "colorLink": "#0b4f6c",
        "colorError": "#a50f15",
        "colorWarning": "#b35806",
        "colorSuccess": "#2b7a4b",
        "colorInfo": "#2c7fb8",
        "borderRadius": 6,
    },
    "algorithm": "default",
}
THEME_DARK = None
# Blue to dark red without green, lightness falling all the way: readable with colour blindness
# and in grey print.
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "precrisis_risk",
        "label": "PreCrisis risk",
        "description": "Low to high risk, safe with colour blindness",
        "isDiverging": False,
        "isDefault": True,
        "colors": ["#e3eef5", "#a9cfe3", "#fbd98a", "#ee8a4a", "#a50f15"],
    },
    {
        "id": "precrisis_coverage",
        "label": "PreCrisis coverage",
        "description": "Pale where something is missing, deep where it is complete",
        "isDiverging": False,
        "isDefault": False,
        "colors": ["#fdf1dc", "#d5e5ea", "#9cc7d6", "#5a9db8", "#2f7896"],
    },
]
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "precrisis",
        "label": "PreCrisis",
        "description": "Okabe and Ito's colours, safe with colour blindness",
        "isDefault": True,
        "colors": [
            "#0072b2",
            "#e69f00",
            "#009e73",
            "#cc79a7",
            "#56b4e9",
            "#d55e00",
            "#7f7f7f",
            "#8c6d31",
            "#5254a3",
            "#b5b500",
        ],
    }
]
DECKGL_BASE_MAP = [[f"tile://{_URL}/tiles/{{z}}/{{x}}/{{y}}.png", APP_NAME]]
BLUEPRINTS = [tiles.blueprint, tiles.brand]
