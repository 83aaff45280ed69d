"""Page files to rows of numbers: ``decode`` reads files, ``measure`` makes rows, every other module is one metric."""
