"""How an open-data portal offers records: where they lie, their pages, what it calls things."""

from pydantic import Field

from precrisis.pack.part import Part


class RecordsApi(Part):
    """Names lead into nested values by dots, as in `geo_point.lon`.

    records: where in an answer the list of records lies; '' where the answer is the list.
    offset: the parameter that skips records, with `limit` and `page_size`; without it the link to
        the next page is followed.
    fields: the portal's name of a column, where it has another one.
    fixed: columns that the portal does not have, the same for all its records.
    left_out: fields that say nothing of people and are not read. Any other keeps all out.
    """

    records: str = "features"
    offset: str | None = None
    limit: str = "limit"
    page_size: int = Field(default=1_000, ge=1, le=10_000)
    fields: dict[str, str] = Field(default={})
    fixed: dict[str, str] = Field(default={})
    left_out: list[str] = Field(default=[])
