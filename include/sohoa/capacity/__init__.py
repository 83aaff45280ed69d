"""How full is the store, and who uses it? Free space, usage and quotas of the agencies."""
