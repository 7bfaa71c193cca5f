"""The three evaluations behind `python -m models.evaluate`."""
