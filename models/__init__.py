"""Models and what they compute: knows nothing of Airflow, the warehouse or the city."""
