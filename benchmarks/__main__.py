"""Print all tables."""

from __future__ import annotations

<<<<<<< HEAD
from benchmarks import counts, courses, day, forecast, judging, mondays, pages, report, year
=======
from benchmarks import audit, counts, day, forecast, judging, mondays, pages, report, year
>>>>>>> h-audit

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
