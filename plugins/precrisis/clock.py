"""The present, in one place: steps that stamp what they store or delete ask here (UTC).

What a step decides by is its run's interval; this is only for the moment at which something is
really done. A test that lets a week pass puts its own clock here.
"""

import datetime as dt


def now() -> dt.datetime:
    """The present moment, UTC."""
    return dt.datetime.now(dt.UTC)
