"""Print all tables."""

from __future__ import annotations

from benchmarks import judging, pages

pages.main()
judging.main()
