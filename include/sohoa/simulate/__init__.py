"""A province with known truth: every feed, scan batches on real pages or judged documents, and what should be found.

Everything follows from one plan drawn from a seed. Nothing here reads the code that measures, judges or counts, so that
what the pipeline says can be held against what was done.
"""

from sohoa.simulate.simulate_province import Truth, simulate

__all__ = ["Truth", "simulate"]
