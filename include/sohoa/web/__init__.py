"""Pages for those who watch, inside the Airflow UI: read from the store's tables, through a local cache."""
