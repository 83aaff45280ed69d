"""From the register and the scanned documents to rates: dossiers, progress by unit and day, defects, targets."""
