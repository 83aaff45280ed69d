"""What goes to the archive: accepted originals in packages by RFC 8493 (BagIt), with an index, verified as written."""
