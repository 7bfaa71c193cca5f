"""How the understanding of posts is learnt: examples, tuning, left-out folds, calibration."""
