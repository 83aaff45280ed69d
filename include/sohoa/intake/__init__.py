"""From what agencies and the province upload to rows: manifests, admission, receipts and feeds."""
