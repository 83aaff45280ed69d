"""Print all tables."""

from __future__ import annotations

from benchmarks import audit, counts, day, forecast, judging, mondays, pages, report, year

pages.main()
day.main()
judging.main()
forecast.main()
audit.main()
counts.main()
year.main()
mondays.main()
report.main()
