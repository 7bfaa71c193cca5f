"""Pages inside the Airflow UI: what each door found, what each run did. Behind Airflow's login."""
