"""One metric of a page a file; the file is named as the metric."""
