"""Risk by place and hour: what SQL can't say."""
