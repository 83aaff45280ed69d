"""Page files to rows of numbers: ``decode`` reads files, ``metrics`` measures, ``page_row`` lists what is measured.

``measure_page`` makes the row; ``guard`` runs it in processes of its own.
"""
