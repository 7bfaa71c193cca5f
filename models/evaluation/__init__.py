"""The evaluations behind `python -m models.evaluate`."""
