"""The demo: the whole job on this machine, on a simulated province, shown on one page."""
