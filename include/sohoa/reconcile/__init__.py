"""Province × portal × ministries × scans, dossier by dossier: where the counts differ, and why."""
