"""The weekly report of the province, in every format, and its way to the people who read it."""
