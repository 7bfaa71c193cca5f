"""Layers of a city's own maps, from files: found, understood, mended, and what they were before."""
