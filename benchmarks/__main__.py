"""Print all tables."""

from __future__ import annotations

from benchmarks import counts, forecast, judging, pages, report, year

pages.main()
judging.main()
forecast.main()
counts.main()
year.main()
report.main()
