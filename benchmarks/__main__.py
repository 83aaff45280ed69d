"""Print all tables."""

from __future__ import annotations

from benchmarks import audit, counts, courses, day, forecast, judging, mondays, pages, report, web_pages, year

pages.main()
day.main()
judging.main()
forecast.main()
audit.main()
counts.main()
year.main()
courses.main(*courses.SEEDS)
mondays.main()
report.main()
web_pages.main()
