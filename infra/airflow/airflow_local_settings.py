"""Imported by every Airflow process at its start, by Airflow's own rule for this name.

A task is a fork of the process that takes it from the queue. What that one has loaded, the task has
for nothing; Great Expectations alone costs seconds of CPU in each task that loads it itself.
"""

import logging
import sys

TASK_STARTERS = {"scheduler", "worker"}  # LocalExecutor's, Celery's

if TASK_STARTERS & set(sys.argv[:3]):
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations  # noqa: F401

    from precrisis import door, store, warehouse  # noqa: F401
