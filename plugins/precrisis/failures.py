"""An unexpected error as a log may hold it: where and of what kind, without the data it met.

The message of a foreign error often quotes the value it choked on, PostgreSQL's even the whole row.
"""

import traceback

import psycopg

OWN = ("precrisis.", "models.", "expectations.")


def described(error: BaseException) -> str:
    """Return the kind of an error, with its message only where we wrote that ourselves."""
    kind = type(error)
    if kind.__module__.startswith(OWN):
        return f"{kind.__name__}: {error}"
    if isinstance(error, psycopg.Error):
        names = (error.sqlstate, error.diag.table_name, error.diag.constraint_name)
        return " ".join([kind.__name__, *(name for name in names if name)])
    if isinstance(error, OSError) and error.errno is not None:
        return f"{kind.__name__} (errno {error.errno})"
    return kind.__name__


def traced(error: BaseException) -> str:
    """Return the frames of an error and its description; lines of code, no values."""
    return "".join(traceback.format_tb(error.__traceback__)) + described(error)
