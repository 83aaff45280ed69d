"""From the register and the scanned documents to daily tables: dossiers, progress, defects, devices."""
