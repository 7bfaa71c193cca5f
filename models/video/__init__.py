"""Counting and motion from footage; no track, no identity, no appearance embedding."""
