"""A province with known truth: scan batches on real pages, the register's feed, and what should be found in them.

Everything follows from one list of events drawn from a seed. Nothing here reads the code that measures, judges or
counts, so that what the pipeline says can be held against what was done.
"""

from sohoa.simulate.simulate_province import simulate

__all__ = ["simulate"]
