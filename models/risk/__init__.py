"""Risk by place and hour: what SQL can't say. `forecast.py` is the way in; see models/README.md."""
