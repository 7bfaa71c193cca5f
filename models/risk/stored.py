"""A forecast kept until its week is over, so that what was published is what is judged.

Refitting later would not do: records that came in since, or were corrected, would move it.
"""

import io
import json
from dataclasses import asdict

import numpy as np

from models.risk.choice import Choice
from models.risk.forecast import Surface
from models.risk.grid import Grid
from models.risk.outlook import Outlook
from models.risk.windows import Windows

FORMAT = 1
SHARE = "share:"


def packed(surface: Surface) -> bytes:
    """Return the surface as a compressed file of arrays (npz), shares in full precision."""
    told, windows = surface.outlook, surface.windows
    facts = {
        "format": FORMAT,
        "start": str(surface.start),
        "cells_ever_hit": surface.cells_ever_hit,
        "grid": asdict(surface.grid),
        "outlook": {n: getattr(told, n) for n in ("target", "total", "dispersion", "tail")},
        "choice": asdict(told.choice),
        "windows": {"side_m": windows.side_m, "km2": windows.km2},
        "raster": asdict(windows.raster),
    }
    content = io.BytesIO()
    np.savez_compressed(
        content, facts=np.array(json.dumps(facts)), corner_m=windows.corner_m,
        covered=np.packbits(windows.covered), **{SHARE + m: s for m, s in told.shares.items()},
    )  # fmt: skip
    return content.getvalue()


def unpacked(content: bytes) -> Surface:
    """Return what `packed` kept.

    Raises:
        ValueError: it was packed in another format; publish the forecast again.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        facts = json.loads(str(kept["facts"]))
        if facts["format"] != FORMAT:
            raise ValueError(f"forecast of format {facts['format']}: publish it again")
        raster = Grid(**facts["raster"])
        covered = np.unpackbits(kept["covered"], count=raster.size).astype(bool)
        windows = Windows(kept["corner_m"], **facts["windows"], covered=covered, raster=raster)
        shares = {n.removeprefix(SHARE): kept[n] for n in kept.files if n.startswith(SHARE)}
    told = Outlook(shares=shares, choice=_choice(facts["choice"]), fitted=None, **facts["outlook"])
    grid, start = Grid(**facts["grid"]), np.datetime64(facts["start"])
    return Surface(start, grid, told, windows, facts["cells_ever_hit"])


def _choice(facts: dict) -> Choice:
    gains = ("log_likelihood_gain", "hit_rate_gain")
    pairs = {name: {m: tuple(pair) for m, pair in facts[name].items()} for name in gains}
    return Choice(**{**facts, **pairs})
