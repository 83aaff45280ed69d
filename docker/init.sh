#!/usr/bin/env bash
# Brings the database and the store to the state the services need; doing it again changes nothing.
set -euo pipefail

airflow db migrate
# By stdin, which `airflow` reads where it has no terminal: arguments can be read by every process of the machine.
printf '%s\n' "$AIRFLOW_ADMIN_PASSWORD" "$AIRFLOW_ADMIN_PASSWORD" | setsid --wait \
  airflow users create --role Admin --username admin --firstname Admin --lastname sohoa --email "$AIRFLOW_ADMIN_EMAIL"
airflow pools set measure "$MEASURE_SLOTS" "Measuring tasks at once: about one a core"
python - <<'END'
from sohoa import registry
from sohoa.store import open_store

store = open_store()
store.make_buckets()
store.put_landing_policy(agency.code for agency in registry.agencies())
END
