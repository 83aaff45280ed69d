#!/usr/bin/env bash
# Brings the database and the store to the state the services need; doing it again changes nothing.
set -euo pipefail

airflow db migrate
airflow users create --role Admin --username admin --password "$AIRFLOW_ADMIN_PASSWORD" \
  --firstname Admin --lastname sohoa --email "$AIRFLOW_ADMIN_EMAIL"
airflow pools set measure "$MEASURE_SLOTS" "Measuring tasks at once: about one a core"
python -c 'from sohoa.store import open_store; open_store().make_buckets()'
