"""Footage: from a camera's recording to stored segments, from segments to observations."""
