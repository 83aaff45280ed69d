"""What an agency gets back for each manifest: receipt and return slip."""
