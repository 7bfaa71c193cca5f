"""Public posts: pulled from a feed, cut down before they are written, understood, aggregated."""
