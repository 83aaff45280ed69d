"""The agency's side: scans are read from a folder, checked as the pipeline checks them, sent over bad lines.

``read_scans`` and ``read_list`` find the documents, ``judge_scans`` checks their pages, ``plan_batches`` makes
manifests, ``claim_number`` and ``send_batch`` send them, ``slips`` fetches the answers; ``state`` keeps on disk how far
it has come. ``upload`` is the whole of it.
"""
