"""Limits of quality and the Great Expectations suites built from them."""
