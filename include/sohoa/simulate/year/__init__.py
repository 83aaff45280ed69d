"""A year of the whole province with known truth: feeds and judged documents without images, for counts at full size.

Every dossier's fate is drawn first; feeds, documents and truth are three ways to write it down. As in the rest of the
simulator nothing here reads the code that judges or counts.
"""

from sohoa.simulate.year.run import YearTruth, simulate_year

__all__ = ["YearTruth", "simulate_year"]
