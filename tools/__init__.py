"""What developers run to write the docs; no part of the product."""
