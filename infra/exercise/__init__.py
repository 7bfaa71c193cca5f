"""Staged scenarios, played end to end for training: `make exercise` (docs/adr/0021-exercise.md)."""
