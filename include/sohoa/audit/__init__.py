"""Is what the program decides right? Samples that people look at, and the error rates of each detector."""
