"""What this project measures and counts."""
