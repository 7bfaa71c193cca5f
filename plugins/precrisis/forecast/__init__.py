"""The weekly forecast of places: published, judged once its week is over, with its hot spots."""
