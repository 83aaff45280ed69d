"""The parts of the report, each read from the store into tables, charts and paragraphs."""
