"""The kinds of source that posts come from. A module is imported when its kind is read."""

from importlib import import_module

from precrisis.posts.connector import Connector

MODULES = {
    "mastodon": "mastodon_source",
    "rss": "feed_source",
    "folder": "file_drop",
    "s3": "file_drop",
    "jetstream": "jetstream_live",
}


def connector_of(kind: str) -> Connector:
    """The connector of a source's kind.

    Raises:
        ValueError: no posts come from this kind of source.
    """
    if kind not in MODULES:
        raise ValueError(f"no posts are read from kind '{kind}'; use one of {sorted(MODULES)}")
    return import_module(f"precrisis.posts.{MODULES[kind]}").CONNECTOR
